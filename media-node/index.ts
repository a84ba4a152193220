/** EdgeRTC's public API for app developers: what a stream file imports. */
export type { ClientMessage } from "../shared/channel.ts";
export type { ChatLine, InputDeclaration, InputFile, InputValues } from "../shared/inputs.ts";
export type { Location, RequestFacts } from "../shared/request-facts.ts";
export type { StreamLabels, StreamUi } from "../shared/stream-ui.ts";
export type { CallStart } from "../shared/telephone/call-message.ts";
export type { Audio } from "./audio/convert.ts";
export {
  aggregateBytesTo16Bit,
  asyncAggregateBytesTo16Bit,
  audioToBytes,
  audioToFile,
  audioToFloat32,
  audioToInt16,
} from "./audio/convert.ts";
export type { AudioFrame, AudioInput, HeardFrame } from "./audio/frame.ts";
export { toFloat32, toInt16, toMono } from "./audio/frame.ts";
export { AsyncQueue, waitForItem } from "./handlers/async-queue.ts";
export type { HandlerContext, InputRequest, VadStream } from "./handlers/context.ts";
export { getCurrentContext } from "./handlers/current-context.ts";
export type { AudioTuple, Emission, SampleRows, SpokenFrame } from "./handlers/emission.ts";
export { AdditionalOutputs, CloseStream, Warning } from "./handlers/emission.ts";
export type { SendFunction } from "./handlers/generated-audio.ts";
export type { ChatMessage, History } from "./handlers/history.ts";
export type { ReplyResult } from "./handlers/reply.ts";
export type { ReplyFunction, Turn } from "./handlers/reply-function.ts";
export { ReplyOnPause } from "./handlers/reply-on-pause.ts";
export type { ReplyOnPauseOptions } from "./handlers/reply-on-pause-options.ts";
export type { ReplyOnStopWordsOptions } from "./handlers/reply-on-stop-words.ts";
export { ReplyOnStopWords } from "./handlers/reply-on-stop-words.ts";
export type { Run, SessionFacts } from "./handlers/run.ts";
export type { Chunk, ChunkFunction, StreamEveryOptions } from "./handlers/stream-every.ts";
export { StreamEvery } from "./handlers/stream-every.ts";
export type { StreamHandlerOptions } from "./handlers/stream-handler.ts";
export { StreamHandler } from "./handlers/stream-handler.ts";
export { answerTypedText, typedText } from "./handlers/typed-text.ts";
export { models } from "./models/index.ts";
export type {
  LanguageModel,
  LanguageModelSource,
  ReplyOptions,
  STTModel,
  STTSource,
  StreamingSTTModel,
  Transcript,
  TTSModel,
  TTSOptions,
  TTSSource,
} from "./speech/index.ts";
export { getLanguageModel, getSileroModel, getSTTModel, getTTSModel } from "./speech/index.ts";
export type {
  CheckboxOptions,
  ChoiceOptions,
  ColourOptions,
  FileOptions,
  Input,
  InputsOf,
  MessagesOptions,
  NumberOptions,
  SecretOptions,
  SliderOptions,
  TextOptions,
} from "./stream/inputs.ts";
export { checkbox, choice, colour, file, messages, number, secret, slider, text } from "./stream/inputs.ts";
export type { DeclaredOutputs, NumberOutputOptions, Output, OutputOptions, OutputsOf } from "./stream/outputs.ts";
export { output } from "./stream/outputs.ts";
export type { DeclaredInputs, StreamOptions } from "./stream/stream.ts";
export { Stream } from "./stream/stream.ts";
export type { Backchannels } from "./turn/backchannels.ts";
export type { EndOfTurnOptions } from "./turn/end-of-turn.ts";
export type { EndOfTurnModel, JudgeOptions } from "./turn/end-of-turn-model.ts";
export type { AlgoOptions, SileroVadOptions } from "./turn/grid/options.ts";
export type { PauseDetection, PauseDetectionModel } from "./turn/grid/pause-detection-model.ts";
export type { PauseState } from "./turn/grid/pause-state.ts";
export type { AudioChunk } from "./turn/grid/speech-timestamps.ts";
export type { MuteUser } from "./turn/muting.ts";
export type { SpeechOptions } from "./turn/speech-detector.ts";
export type { AudioVideoStreamHandlerOptions } from "./video/audio-video-stream-handler.ts";
export { AudioVideoStreamHandler } from "./video/audio-video-stream-handler.ts";
export type { Picture, VideoEmission } from "./video/emission.ts";
export type { VideoFormat, VideoFrameInit } from "./video/frame.ts";
export { VideoFrame } from "./video/frame.ts";
export type { VideoContext, VideoFunction, VideoGenerator, VideoOptions } from "./video/video-stream-handler.ts";
export { VideoStreamHandler } from "./video/video-stream-handler.ts";

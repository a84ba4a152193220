/** The speech engines of one process: each made when first asked for, and closed all together. */
import { EdgeRtcError } from "../../shared/errors.ts";
import type { EndOfTurnModel } from "../turn/end-of-turn-model.ts";
import type { PauseDetectionModel } from "../turn/grid/pause-detection-model.ts";
import { SmartTurn } from "./end-of-turn/smart-turn.ts";
import type { EngineUsages } from "./engine-usage.ts";
import { type Engine, LazyEngine } from "./lazy-engine.ts";
import { MoonshineStt } from "./stt/moonshine-stt.ts";
import type { StreamingSTTModel } from "./stt/stt-model.ts";
import { FliteTts } from "./tts/flite-tts.ts";
import { KokoroTts, type Phonemize } from "./tts/kokoro/kokoro-tts.ts";
import type { TTSModel } from "./tts/tts-model.ts";
import { ChunkVad } from "./vad/chunk-vad.ts";
import type { OnProbability, VadStream } from "./vad/session-windows.ts";
import { SileroVad } from "./vad/silero-vad.ts";

/** FastRTC's names. */
export const STT_MODELS = ["moonshine/tiny", "moonshine/base"] as const;
export type STTModelName = (typeof STT_MODELS)[number];
export const TTS_MODELS = ["flite", "kokoro"] as const;
export type TTSModelName = (typeof TTS_MODELS)[number];

export interface SpeechOptions {
  /** An engine's thread died, or could not start. Default: a warning of the process. */
  readonly onError?: (error: Error) => void;
  /** Threads of each speech-to-text model; each has the model in memory. Default 1. */
  readonly sttThreads?: number;
  /** Threads of each text-to-speech model. Default 1. */
  readonly ttsThreads?: number;
}

type AnyEngine = Pick<LazyEngine<Engine>, "ready" | "close" | "usage">;

export class Speech {
  readonly #vad: LazyEngine<SileroVad>;
  readonly #chunkVad: LazyEngine<ChunkVad>;
  readonly #endOfTurn: LazyEngine<SmartTurn>;
  readonly #stt: Readonly<Record<STTModelName, LazyEngine<MoonshineStt>>>;
  readonly #flite: LazyEngine<FliteTts>;
  readonly #kokoro: LazyEngine<KokoroTts>;

  constructor(options: SpeechOptions = {}) {
    const { sttThreads, ttsThreads } = options;
    const onError = options.onError ?? ((error: Error) => process.emitWarning(error));
    this.#vad = new LazyEngine(() => new SileroVad({ onError }), onError);
    this.#chunkVad = new LazyEngine(() => new ChunkVad(), onError);
    this.#endOfTurn = new LazyEngine(() => new SmartTurn(), onError);
    this.#stt = {
      "moonshine/tiny": new LazyEngine(() => new MoonshineStt({ threads: sttThreads }), onError),
      "moonshine/base": new LazyEngine(() => new MoonshineStt({ size: "base", threads: sttThreads }), onError),
    };
    this.#flite = new LazyEngine(() => new FliteTts({ threads: ttsThreads }), onError);
    this.#kokoro = new LazyEngine(() => new KokoroTts({ threads: ttsThreads }), onError);
  }

  /** The same object at every call. It starts to load at the first. @throws EdgeRtcError `model_unknown`. */
  getSTTModel(name: string = "moonshine/tiny"): StreamingSTTModel {
    const known = STT_MODELS.find((model) => model === name);
    if (known === undefined) throw unknown(name, STT_MODELS);
    return this.#stt[known].get().model;
  }

  /**
   * The same object at every call. It starts to load at the first.
   * @param phonemize Kokoro's; makes a new object, of the same engine.
   * @throws EdgeRtcError `model_unknown`.
   */
  getTTSModel(name: string = "flite", phonemize?: Phonemize): TTSModel {
    if (name === "flite") return this.#flite.get().model;
    if (name !== "kokoro") throw unknown(name, TTS_MODELS);
    const kokoro = this.#kokoro.get();
    return phonemize === undefined ? kokoro.model : kokoro.modelWith(phonemize);
  }

  /** FastRTC's voice activity detection; the same object at every call. It starts to load at the first. */
  getSileroModel(): PauseDetectionModel {
    return this.#chunkVad.get();
  }

  /** Hears whether a speaker is done; the same object at every call. It starts to load at the first. */
  getEndOfTurnModel(): EndOfTurnModel {
    return this.#endOfTurn.get();
  }

  /** Opens voice activity detection for a session. */
  openVad(onProbability: OnProbability): VadStream {
    return this.#vad.get().open(onProbability);
  }

  /** Resolves when voice activity detection, and every model asked for so far, is loaded and warm. @throws why not. */
  async ready(): Promise<void> {
    this.#vad.get();
    await Promise.all(this.#engines().map((engine) => engine.ready()));
  }

  /** Ends every thread; what is under way fails with `speech_stopped`. Models asked for afterwards are new ones. */
  async close(): Promise<void> {
    await Promise.all(this.#engines().map((engine) => engine.close()));
  }

  /** Of the engines that were asked for. */
  get usage(): EngineUsages {
    const all = Object.entries(this.#byName()).map(([name, { usage }]) => [name, usage] as const);
    return Object.fromEntries(all.flatMap(([name, usage]) => (usage === undefined ? [] : [[name, usage]])));
  }

  #engines(): readonly AnyEngine[] {
    return Object.values(this.#byName());
  }

  #byName(): Readonly<Record<string, AnyEngine>> {
    return {
      vad: this.#vad,
      "vad/chunks": this.#chunkVad,
      "end-of-turn": this.#endOfTurn,
      ...this.#stt,
      flite: this.#flite,
      kokoro: this.#kokoro,
    };
  }
}

function unknown(name: string, known: readonly string[]): EdgeRtcError {
  return new EdgeRtcError("model_unknown", `There is no model named "${name}" here; there is ${known.join(", ")}.`);
}

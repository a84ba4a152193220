/**
 * A conversation with OpenAI's Realtime API: it hears and speaks by itself, this carries the sound to and fro.
 * Needs OPENAI_API_KEY. OPENAI_REALTIME_MODEL and OPENAI_REALTIME_URL choose another model, or whoever speaks the same protocol.
 */
import {
  AdditionalOutputs,
  AsyncQueue,
  type AudioFrame,
  type ChatLine,
  CloseStream,
  type Emission,
  type HeardFrame,
  output,
  Stream,
  StreamHandler,
} from "edgertc";
import * as v from "valibot";
import { fromBase64, RealtimeSocket, toBase64 } from "./socket.ts";

const RATE = 24_000;
/** What it says comes faster than it is spoken: pieces that may wait, some minutes of speech. */
const MAX_WAITING = 5_000;

/** Of what it sends, what matters here. */
const ServerEvent = v.variant("type", [
  v.object({ type: v.literal("input_audio_buffer.speech_started") }),
  v.object({ type: v.literal("conversation.item.input_audio_transcription.completed"), transcript: v.string() }),
  v.object({ type: v.literal("response.output_audio.delta"), item_id: v.string(), delta: v.string() }),
  v.object({ type: v.literal("response.output_audio_transcript.done"), transcript: v.string() }),
  v.object({ type: v.literal("error"), error: v.object({ message: v.string() }) }),
]);

interface Piece {
  readonly itemId: string;
  readonly frame: AudioFrame;
}

class OpenAIRealtime extends StreamHandler {
  readonly #waiting = new AsyncQueue<Piece | AdditionalOutputs | CloseStream>(MAX_WAITING);
  /** Undefined where there is none to be had. */
  readonly #socket = Promise.withResolvers<RealtimeSocket | undefined>();
  /** The answer that is being spoken, and how much of it has been handed over. */
  #speaking: { readonly itemId: string; readonly ms: number } | undefined;

  constructor() {
    super({ inputSampleRate: RATE, outputSampleRate: RATE });
  }

  copy(): OpenAIRealtime {
    return new OpenAIRealtime();
  }

  override async startUp(): Promise<void> {
    const url = new URL(process.env["OPENAI_REALTIME_URL"] ?? "wss://api.openai.com/v1/realtime");
    url.searchParams.set("model", process.env["OPENAI_REALTIME_MODEL"] ?? "gpt-realtime");
    const format = { type: "audio/pcm", rate: RATE };
    const socket = await RealtimeSocket.connect(url, {
      headers: { authorization: `Bearer ${process.env["OPENAI_API_KEY"] ?? ""}` },
      signal: this.signal,
      onMessage: (message, socket) => this.#onMessage(message, socket),
      onClose: (reason) => {
        this.#socket.resolve(undefined);
        this.#waiting.push(new CloseStream(`The model has hung up: ${reason}`));
      },
    });
    socket.send({
      type: "session.update",
      session: {
        type: "realtime",
        instructions: "You are on a phone call. Answer in one or two short sentences.",
        output_modalities: ["audio"],
        audio: {
          input: {
            format,
            turn_detection: { type: "semantic_vad" },
            transcription: { model: "gpt-4o-mini-transcribe" },
          },
          output: { format, voice: "marin" },
        },
      },
    });
    this.#socket.resolve(socket);
  }

  /** Until there is a connection, frames wait. */
  async receive({ samples }: HeardFrame): Promise<void> {
    const socket = await this.#socket.promise;
    socket?.send({ type: "input_audio_buffer.append", audio: toBase64(samples) });
  }

  async emit(): Promise<Emission> {
    const next = await this.#waiting.next();
    if (next === undefined || next instanceof AdditionalOutputs || next instanceof CloseStream) return next;
    const { itemId, frame } = next;
    const before = this.#speaking?.itemId === itemId ? this.#speaking.ms : 0;
    this.#speaking = { itemId, ms: before + (frame.samples.length / RATE) * 1_000 };
    return frame;
  }

  override shutdown(): void {
    this.#socket.resolve(undefined);
    this.#waiting.close();
  }

  #onMessage(message: unknown, socket: RealtimeSocket): void {
    const parsed = v.safeParse(ServerEvent, message);
    if (!parsed.success) return;
    const event = parsed.output;
    switch (event.type) {
      case "input_audio_buffer.speech_started":
        this.#interrupt(socket);
        break;
      case "conversation.item.input_audio_transcription.completed":
        this.#waiting.push(new AdditionalOutputs({ role: "user", content: event.transcript }));
        break;
      case "response.output_audio.delta": {
        const frame = { sampleRate: RATE, samples: fromBase64(event.delta) };
        this.#waiting.push({ itemId: event.item_id, frame });
        break;
      }
      case "response.output_audio_transcript.done":
        this.#waiting.push(new AdditionalOutputs({ role: "assistant", content: event.transcript }));
        break;
      case "error":
        this.context.logError(new Error(event.error.message), "OpenAI reports an error");
        break;
    }
  }

  /** The user speaks: what waits is dropped, and the model is told how much of it was heard. It has stopped by itself. */
  #interrupt(socket: RealtimeSocket): void {
    const unsent = this.#waiting.size;
    this.#waiting.clear();
    const droppedMs = this.clearQueue();
    const speaking = this.#speaking;
    this.#speaking = undefined;
    if (speaking === undefined || (unsent === 0 && droppedMs === 0)) return;
    const audio_end_ms = Math.max(0, Math.round(speaking.ms - droppedMs));
    socket.send({
      type: "conversation.item.truncate",
      item_id: speaking.itemId,
      content_index: 0,
      audio_end_ms,
    });
  }
}

export default new Stream(new OpenAIRealtime(), {
  modality: "audio",
  concurrencyLimit: 10,
  timeLimit: 600,
  outputs: { conversation: output.chat({ label: "Conversation" }) },
  additionalOutputsHandler: ({ conversation }, line: ChatLine) => ({ conversation: [...(conversation ?? []), line] }),
  ui: { title: "OpenAI Realtime", subtitle: "Speak with a model that hears and speaks by itself." },
});

/**
 * A conversation with Gemini's Live API: it hears and speaks by itself, this carries the sound to and fro.
 * Needs GEMINI_API_KEY. GEMINI_LIVE_MODEL and GEMINI_LIVE_URL choose another model or endpoint.
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

const INPUT_RATE = 16_000;
const OUTPUT_RATE = 24_000;
/** What it says comes faster than it is spoken: pieces that may wait, some minutes of speech. */
const MAX_WAITING = 5_000;
const LIVE_URL =
  "wss://generativelanguage.googleapis.com/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent";

/** Of what it sends, what matters here. One message may hold several of these. */
const ServerMessage = v.object({
  setupComplete: v.optional(v.looseObject({})),
  serverContent: v.optional(
    v.object({
      modelTurn: v.optional(
        v.object({ parts: v.optional(v.array(v.object({ inlineData: v.optional(v.object({ data: v.string() })) }))) }),
      ),
      interrupted: v.optional(v.boolean()),
      turnComplete: v.optional(v.boolean()),
      inputTranscription: v.optional(v.object({ text: v.optional(v.string()) })),
      outputTranscription: v.optional(v.object({ text: v.optional(v.string()) })),
    }),
  ),
});

type ServerContent = NonNullable<v.InferOutput<typeof ServerMessage>["serverContent"]>;

class GeminiLive extends StreamHandler {
  readonly #waiting = new AsyncQueue<AudioFrame | AdditionalOutputs | CloseStream>(MAX_WAITING);
  /** Once its setup is complete: it takes no audio before. Undefined where there is none to be had. */
  readonly #socket = Promise.withResolvers<RealtimeSocket | undefined>();
  /** What has been said in this turn so far. */
  #said = { user: "", assistant: "" };

  constructor() {
    super({ inputSampleRate: INPUT_RATE, outputSampleRate: OUTPUT_RATE });
  }

  copy(): GeminiLive {
    return new GeminiLive();
  }

  override async startUp(): Promise<void> {
    const url = new URL(process.env["GEMINI_LIVE_URL"] ?? LIVE_URL);
    url.searchParams.set("key", process.env["GEMINI_API_KEY"] ?? "");
    const socket = await RealtimeSocket.connect(url, {
      signal: this.signal,
      onMessage: (message, socket) => this.#onMessage(message, socket),
      onClose: (reason) => {
        this.#socket.resolve(undefined);
        this.#waiting.push(new CloseStream(`The model has hung up: ${reason}`));
      },
    });
    socket.send({
      setup: {
        model: `models/${process.env["GEMINI_LIVE_MODEL"] ?? "gemini-live-2.5-flash-preview"}`,
        generationConfig: {
          responseModalities: ["AUDIO"],
          speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Puck" } } },
        },
        systemInstruction: { parts: [{ text: "You are on a phone call. Answer in one or two short sentences." }] },
        inputAudioTranscription: {},
        outputAudioTranscription: {},
      },
    });
  }

  /** Until then, frames wait. */
  async receive({ samples }: HeardFrame): Promise<void> {
    const socket = await this.#socket.promise;
    const audio = { mimeType: `audio/pcm;rate=${INPUT_RATE}`, data: toBase64(samples) };
    socket?.send({ realtimeInput: { audio } });
  }

  async emit(): Promise<Emission> {
    return await this.#waiting.next();
  }

  override shutdown(): void {
    this.#socket.resolve(undefined);
    this.#waiting.close();
  }

  #onMessage(message: unknown, socket: RealtimeSocket): void {
    const parsed = v.safeParse(ServerMessage, message);
    if (!parsed.success) return;
    const { setupComplete, serverContent } = parsed.output;
    if (setupComplete !== undefined) this.#socket.resolve(socket);
    if (serverContent !== undefined) this.#onContent(serverContent);
  }

  #onContent({ modelTurn, interrupted, turnComplete, inputTranscription, outputTranscription }: ServerContent): void {
    this.#said.user += inputTranscription?.text ?? "";
    this.#said.assistant += outputTranscription?.text ?? "";
    for (const { inlineData } of modelTurn?.parts ?? []) {
      if (inlineData === undefined) continue;
      this.#tell("user");
      this.#waiting.push({ sampleRate: OUTPUT_RATE, samples: fromBase64(inlineData.data) });
    }
    if (interrupted === true) {
      this.#waiting.clear();
      this.clearQueue();
    }
    if (turnComplete === true) {
      this.#tell("user");
      this.#tell("assistant");
    }
  }

  /** Hands the transcript of this turn to the page, once. */
  #tell(role: "user" | "assistant"): void {
    const content = this.#said[role].trim();
    this.#said[role] = "";
    if (content !== "") this.#waiting.push(new AdditionalOutputs({ role, content }));
  }
}

export default new Stream(new GeminiLive(), {
  modality: "audio",
  concurrencyLimit: 10,
  timeLimit: 600,
  outputs: { conversation: output.chat({ label: "Conversation" }) },
  additionalOutputsHandler: ({ conversation }, line: ChatLine) => ({ conversation: [...(conversation ?? []), line] }),
  ui: { title: "Gemini Live", subtitle: "Speak with a model that hears and speaks by itself." },
});

/**
 * Stand-ins for OpenAI's Realtime API and Gemini's Live API: they take and send what those document, refuse what those refuse, hear
 * speech by its loudness, and answer each question with three seconds of a tone, sent at once as those do.
 */
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import * as v from "valibot";
import { type WebSocket, WebSocketServer } from "ws";
import { levelDb } from "./audio.ts";

const SPEECH_DB = -40;
const SILENCE_MS = 500;
const ANSWER_MS = 3_000;
const PIECE_MS = 200;
const OUTPUT_RATE = 24_000;
export const MODEL_KEY = "key-of-the-tests";

const base64 = v.pipe(v.string(), v.base64());
const pcm = v.strictObject({ type: v.literal("audio/pcm"), rate: v.literal(24_000) });

const OpenAIEvent = v.variant("type", [
  v.strictObject({
    type: v.literal("session.update"),
    session: v.strictObject({
      type: v.literal("realtime"),
      instructions: v.string(),
      output_modalities: v.tuple([v.literal("audio")]),
      audio: v.strictObject({
        input: v.strictObject({
          format: pcm,
          turn_detection: v.object({ type: v.picklist(["server_vad", "semantic_vad"]) }),
          transcription: v.object({ model: v.string() }),
        }),
        output: v.strictObject({ format: pcm, voice: v.string() }),
      }),
    }),
  }),
  v.strictObject({ type: v.literal("input_audio_buffer.append"), audio: base64 }),
  v.strictObject({
    type: v.literal("conversation.item.truncate"),
    item_id: v.string(),
    content_index: v.literal(0),
    audio_end_ms: v.pipe(v.number(), v.integer(), v.minValue(0)),
  }),
]);

const GeminiMessage = v.union([
  v.strictObject({
    setup: v.strictObject({
      model: v.pipe(v.string(), v.startsWith("models/")),
      generationConfig: v.strictObject({
        responseModalities: v.tuple([v.literal("AUDIO")]),
        speechConfig: v.object({ voiceConfig: v.object({ prebuiltVoiceConfig: v.object({ voiceName: v.string() }) }) }),
      }),
      systemInstruction: v.object({ parts: v.array(v.object({ text: v.string() })) }),
      inputAudioTranscription: v.strictObject({}),
      outputAudioTranscription: v.strictObject({}),
    }),
  }),
  v.strictObject({
    realtimeInput: v.strictObject({
      audio: v.strictObject({ mimeType: v.literal("audio/pcm;rate=16000"), data: base64 }),
    }),
  }),
]);

/** Tells where speech begins and ends in what comes. */
class Ear {
  readonly #rate: number;
  readonly #onSpeech: (event: "started" | "stopped") => void;
  #state: "silence" | "speech" = "silence";
  #quietMs = 0;

  constructor(rate: number, onSpeech: (event: "started" | "stopped") => void) {
    this.#rate = rate;
    this.#onSpeech = onSpeech;
  }

  hear(data: string): void {
    const bytes = Uint8Array.from(Buffer.from(data, "base64"));
    const samples = new Int16Array(bytes.buffer, 0, bytes.length >> 1);
    const loud = levelDb(samples) > SPEECH_DB;
    this.#quietMs = loud ? 0 : this.#quietMs + (samples.length / this.#rate) * 1_000;
    if (loud && this.#state === "silence") this.#turn("speech");
    else if (this.#state === "speech" && this.#quietMs >= SILENCE_MS) this.#turn("silence");
  }

  #turn(state: "silence" | "speech"): void {
    this.#state = state;
    this.#onSpeech(state === "speech" ? "started" : "stopped");
  }
}

/** Server for both; `/openai` and `/gemini` are their paths. */
export class RealtimeModels {
  readonly #server: WebSocketServer;
  /** What came that is not in their documentation. */
  readonly complaints: string[] = [];
  readonly truncations: { readonly itemId: string; readonly endMs: number }[] = [];
  readonly #open = new Set<WebSocket>();
  /** False: every key is a wrong one. */
  accepting = true;
  #items = 0;

  private constructor(server: WebSocketServer) {
    this.#server = server;
    server.on("connection", (socket, request) => {
      this.#open.add(socket);
      socket.on("close", () => this.#open.delete(socket));
      if (request.url?.startsWith("/openai") === true) this.#openAI(socket);
      else this.#gemini(socket);
    });
  }

  static async start(): Promise<RealtimeModels> {
    const verifyClient = ({ req }: { req: IncomingMessage }): boolean => models.accepting && isAuthorized(req);
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0, verifyClient });
    const models = new RealtimeModels(server);
    await new Promise((resolve) => server.once("listening", resolve));
    return models;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get connections(): number {
    return this.#open.size;
  }

  /** The models hang up on everyone. */
  hangUp(): void {
    for (const socket of this.#open) socket.close(1001, "maintenance");
  }

  async stop(): Promise<void> {
    for (const socket of this.#open) socket.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #openAI(socket: WebSocket): void {
    const send = (event: object): void => socket.send(JSON.stringify({ event_id: "event_1", ...event }));
    const ear = new Ear(24_000, (speech) => {
      const item_id = `item_${++this.#items}`;
      send({ type: `input_audio_buffer.speech_${speech}`, item_id, audio_start_ms: 0 });
      if (speech === "started") return;
      const part = { response_id: "resp_1", item_id: `item_${++this.#items}`, output_index: 0, content_index: 0 };
      send({
        type: "conversation.item.input_audio_transcription.completed",
        item_id,
        content_index: 0,
        transcript: "What is up?",
      });
      send({ type: "response.created", response: { id: "resp_1" } });
      for (const delta of answer(440)) send({ type: "response.output_audio.delta", ...part, delta });
      send({ type: "response.output_audio_transcript.done", ...part, transcript: "Not much." });
      send({ type: "response.output_audio.done", ...part });
      send({ type: "response.done", response: { id: "resp_1", status: "completed" } });
    });
    send({ type: "session.created", session: { type: "realtime" } });
    socket.on("message", (data, isBinary) => {
      const event = this.#take(OpenAIEvent, String(data), isBinary);
      if (event === null) send({ type: "error", error: { type: "invalid_request_error", message: "invalid event" } });
      else if (event.type === "session.update") send({ type: "session.updated", session: event.session });
      else if (event.type === "input_audio_buffer.append") ear.hear(event.audio);
      else this.truncations.push({ itemId: event.item_id, endMs: event.audio_end_ms });
    });
  }

  #gemini(socket: WebSocket): void {
    // As bytes, which is how Gemini sends its JSON.
    const send = (message: object): void => socket.send(Buffer.from(JSON.stringify(message)));
    let state: "new" | "ready" = "new";
    let answered = false;
    const ear = new Ear(16_000, (speech) => {
      if (speech === "started") {
        if (answered) send({ serverContent: { interrupted: true } });
        return;
      }
      answered = true;
      for (const text of ["What", " is up?"]) send({ serverContent: { inputTranscription: { text } } });
      for (const data of answer(660)) {
        send({ serverContent: { modelTurn: { parts: [{ inlineData: { mimeType: "audio/pcm;rate=24000", data } }] } } });
      }
      for (const text of ["Not", " much."]) send({ serverContent: { outputTranscription: { text } } });
      send({ serverContent: { generationComplete: true } });
      send({ serverContent: { turnComplete: true }, usageMetadata: { totalTokenCount: 42 } });
    });
    socket.on("message", (data, isBinary) => {
      const message = this.#take(GeminiMessage, String(data), isBinary);
      if (message === null) socket.close(1007, "Request contains an invalid argument.");
      else if ("setup" in message) {
        state = "ready";
        send({ setupComplete: {} });
      } else if (state === "new") {
        this.complaints.push("audio before the setup");
        socket.close(1007, "setup must be the first message");
      } else ear.hear(message.realtimeInput.audio.data);
    });
  }

  #take<T>(schema: v.GenericSchema<unknown, T>, text: string, isBinary: boolean): T | null {
    const parsed = v.safeParse(schema, isBinary ? undefined : JSON.parse(text));
    if (parsed.success) return parsed.output;
    this.complaints.push(`${text.slice(0, 200)}: ${parsed.issues.map(({ message }) => message).join(" ")}`);
    return null;
  }
}

function isAuthorized({ url = "", headers }: IncomingMessage): boolean {
  const { pathname, searchParams } = new URL(url, "ws://localhost");
  if (pathname === "/openai") return headers.authorization === `Bearer ${MODEL_KEY}` && searchParams.has("model");
  return pathname === "/gemini" && searchParams.get("key") === MODEL_KEY;
}

/** Pieces of a tone, as base64. */
function answer(hertz: number): string[] {
  const length = (OUTPUT_RATE * PIECE_MS) / 1_000;
  return Array.from({ length: ANSWER_MS / PIECE_MS }, (_, piece) => {
    const samples = Int16Array.from(
      { length },
      (__, i) => 8_000 * Math.sin((2 * Math.PI * hertz * (piece * length + i)) / OUTPUT_RATE),
    );
    return Buffer.from(samples.buffer).toString("base64");
  });
}

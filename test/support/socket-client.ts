/** A client of `/websocket/offer`, as FastRTC's pages are one: audio at its pace, and everything that comes, with its time. */
import { type RawData, WebSocket } from "ws";
import { g711 } from "../../media-node/audio/g711.ts";
import { Resampler } from "../../media-node/audio/resample.ts";
import { sleep, until } from "./stack.ts";

export interface Received {
  readonly atMs: number;
  /** As it came; binary messages as their bytes. */
  readonly data: string | Buffer;
}

export class SocketClient {
  static readonly #open = new Set<SocketClient>();
  readonly #socket: WebSocket;
  readonly received: Received[] = [];
  /** The close code, once it is closed. */
  readonly closed: Promise<number>;
  code: number | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.once("close", (code) => {
        this.code = code;
        resolve(code);
      });
    });
    SocketClient.#open.add(this);
    socket.on("message", (data: RawData, isBinary) => {
      const bytes = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
      this.received.push({ atMs: performance.now(), data: isBinary ? bytes : bytes.toString("utf8") });
    });
  }

  /** Closes those that a test has left open. */
  static async closeAll(): Promise<void> {
    const open = [...SocketClient.#open];
    SocketClient.#open.clear();
    await Promise.all(open.map((client) => client.close()));
  }

  /** @param url of the edge, with the path. @throws Error where the upgrade is refused. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<SocketClient> {
    const socket = new WebSocket(url.replace(/^http/, "ws"), { headers });
    const client = new SocketClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    return client;
  }

  /** Opens and says `start`. */
  static async start(url: string, id: string, extension: object = {}): Promise<SocketClient> {
    const client = await SocketClient.open(url);
    client.say({ event: "start", websocket_id: id, ...extension });
    return client;
  }

  say(message: unknown): void {
    this.#socket.send(JSON.stringify(message));
  }

  raw(data: string | Buffer): void {
    this.#socket.send(data);
  }

  get texts(): string[] {
    return this.received.flatMap(({ data }) => (typeof data === "string" ? [data] : []));
  }

  /** Everything in JSON but audio, parsed. */
  get messages(): Record<string, unknown>[] {
    return this.texts
      .map((text) => JSON.parse(text) as Record<string, unknown>)
      .filter(({ event }) => event !== "media");
  }

  /** Types of FastRTC's messages, in the order they came, without repetitions. */
  get logs(): unknown[] {
    return this.messages.flatMap(({ type, data }) => (type === "log" ? [data] : []));
  }

  /** µ-law that has come, decoded. */
  get audio(): Int16Array {
    const pieces = this.media.map(({ bytes }) => bytes);
    return g711("mulaw").decode(Buffer.concat(pieces));
  }

  /** Audio messages. */
  get media(): { readonly atMs: number; readonly bytes: Buffer }[] {
    return this.received.flatMap(({ atMs, data }) => {
      if (typeof data !== "string") return [{ atMs, bytes: data }];
      const message = JSON.parse(data) as { event?: string; media?: { payload: string } };
      return message.event === "media" ? [{ atMs, bytes: Buffer.from(message.media?.payload ?? "", "base64") }] : [];
    });
  }

  /** Sends µ-law at its pace, in the pieces of FastRTC's page. @param samples at 24 kHz. */
  async speak(samples: Int16Array, piece = 2_048): Promise<void> {
    const startMs = performance.now();
    for (let offset = 0; offset < samples.length && this.code === undefined; offset += piece) {
      const bytes = g711("mulaw").encode(samples.subarray(offset, offset + piece));
      this.say({ event: "media", media: { payload: Buffer.from(bytes).toString("base64") } });
      await sleep(startMs + (offset + piece) / 24 - performance.now());
    }
  }

  /** Waits for a message that fits. */
  async until(
    fits: (message: Record<string, unknown>) => boolean,
    timeoutMs = 10_000,
  ): Promise<Record<string, unknown>> {
    await until(() => this.messages.some(fits), timeoutMs);
    return this.messages.find(fits) ?? {};
  }

  async close(): Promise<void> {
    this.#socket.close();
    await this.closed;
  }

  /** As a process that is killed. */
  vanish(): void {
    this.#socket.terminate();
  }
}

/** 48 kHz, as clips are, at 24 kHz. */
export function at24k(samples: Int16Array): Int16Array {
  return new Resampler(48_000, 24_000).process(samples);
}

/** Clients of `/websocket/offer` for benchmarks: FastRTC's messages, µ-law frames of 20 ms, each of which can be told from all others. */
import { WebSocket } from "ws";
import { PACKET_MS } from "./pacer.ts";
import { abortable } from "./wait.ts";

/** Samples, and bytes, of a frame at 24 kHz. */
const FRAME_BYTES = 480;
/** µ-law has two zeros: the bytes for them come back as one. They are left out of numbers. */
const BASE = 126;
const DIGITS = 3;

export interface Echo {
  readonly sentAtMs: number;
  readonly delayMs: number;
}

export class SocketLoadClient {
  readonly #socket: WebSocket;
  readonly #sentAtMs: number[] = [];
  readonly echoes: Echo[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => this.#receive(String(data), performance.now()));
  }

  /** Opens a call and waits until its handler hears. */
  static async open(url: string, id: string, signal: AbortSignal): Promise<SocketLoadClient> {
    const socket = new WebSocket(url.replace(/^http/, "ws"), { perMessageDeflate: false });
    const opened = new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    await abortable(opened, signal);
    socket.send(JSON.stringify({ event: "start", websocket_id: id }));
    return new SocketLoadClient(socket);
  }

  get sent(): number {
    return this.#sentAtMs.length;
  }

  /** Sends the next frame. */
  send(): void {
    const frame = Buffer.alloc(FRAME_BYTES, 0x80);
    for (let digit = 0, rest = this.sent; digit < DIGITS; digit += 1, rest = Math.floor(rest / BASE)) {
      frame[digit] = rest % BASE;
    }
    this.#sentAtMs.push(performance.now());
    this.#socket.send(JSON.stringify({ event: "media", media: { payload: frame.toString("base64") } }));
  }

  close(): void {
    this.#socket.close();
  }

  #receive(text: string, atMs: number): void {
    const message = JSON.parse(text) as { readonly event?: string; readonly media?: { readonly payload: string } };
    if (message.event !== "media") return;
    const bytes = Buffer.from(message.media?.payload ?? "", "base64");
    for (let offset = 0; offset + FRAME_BYTES <= bytes.length; offset += FRAME_BYTES) {
      let number = 0;
      for (let digit = DIGITS - 1; digit >= 0; digit -= 1) number = number * BASE + (bytes[offset + digit] ?? 0);
      const sentAtMs = this.#sentAtMs[number];
      if (sentAtMs !== undefined) this.echoes.push({ sentAtMs, delayMs: atMs - sentAtMs });
    }
  }
}

/** Sends every client's frames at their pace, the clients spread over the 20 ms. @returns what stops it, and how late it was. */
export function paceSockets(clients: readonly SocketLoadClient[]): {
  stop(): void;
  readonly lateMs: readonly number[];
} {
  const startMs = performance.now() + PACKET_MS;
  const lateMs: number[] = [];
  const tick = (): void => {
    const nowMs = performance.now();
    for (const [index, client] of clients.entries()) {
      const phaseMs = startMs + (index * PACKET_MS) / clients.length;
      for (let dueMs = phaseMs + client.sent * PACKET_MS; dueMs <= nowMs; dueMs += PACKET_MS) {
        lateMs.push(nowMs - dueMs);
        client.send();
      }
    }
    timer = setTimeout(tick, 1);
  };
  let timer = setTimeout(tick, 1);
  return { stop: () => clearTimeout(timer), lateMs };
}

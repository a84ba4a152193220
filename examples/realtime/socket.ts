/** A WebSocket to a speech-to-speech model, for the examples here: JSON both ways, with 16-bit audio as base64 inside. */
import { once } from "node:events";
import { WebSocket } from "ws";

/** A model that takes nothing for this long is not listening: about 20 s of audio. */
const MAX_UNSENT_BYTES = 1_000_000;

export interface SocketOptions {
  readonly headers?: Record<string, string>;
  /** Closes the socket. */
  readonly signal: AbortSignal;
  readonly onMessage: (message: unknown, socket: RealtimeSocket) => void;
  /** The model has closed the connection, or it is lost. Not after `signal`. */
  readonly onClose: (reason: string) => void;
}

export class RealtimeSocket {
  readonly #socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** @throws Error where there is no connection: refused, not authorized, gone. */
  static async connect(url: string | URL, options: SocketOptions): Promise<RealtimeSocket> {
    const { headers = {}, signal, onMessage, onClose } = options;
    signal.throwIfAborted();
    const socket = new WebSocket(url, { headers });
    const hangUp = () => socket.close();
    signal.addEventListener("abort", hangUp, { once: true });
    let trouble = "";
    socket.on("error", ({ message }) => {
      trouble = message;
    });
    socket.on("close", (code, reason) => {
      signal.removeEventListener("abort", hangUp);
      if (!signal.aborted) onClose([trouble, reason.toString(), `code ${code}`].find((why) => why !== "") ?? "");
    });
    // Gemini sends its JSON as binary.
    const connected = new RealtimeSocket(socket);
    socket.on("message", (data) => onMessage(parse(data.toString()), connected));
    await once(socket, "open");
    return connected;
  }

  /** Dropped where the connection is gone, or does not keep up. */
  send(message: object): void {
    if (this.#socket.readyState !== WebSocket.OPEN || this.#socket.bufferedAmount > MAX_UNSENT_BYTES) return;
    this.#socket.send(JSON.stringify(message));
  }
}

/** Little-endian, as every model takes it and every machine has it. */
export function toBase64({ buffer, byteOffset, byteLength }: Int16Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

export function fromBase64(text: string): Int16Array {
  const bytes = Buffer.from(text, "base64");
  // Copied: a Buffer may begin at an odd address.
  return new Int16Array(Uint8Array.from(bytes).buffer, 0, Math.floor(bytes.length / 2));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is not JSON is no message of theirs: like one of a kind that is not known here.
    return undefined;
  }
}

/**
 * A session that was admitted and whose client is still to come: it waits for the socket, and for the client's first words,
 * which say who it is. Then the socket is its transport's.
 */
import type { RawData, WebSocket } from "ws";
import type { EndReason } from "../../shared/session.ts";
import type { Clock, Timer } from "../time/clock.ts";

/** A client's first message is there this long after its admission. Browsers send it as soon as the socket opens. */
const START_TIMEOUT_MS = 15_000;
const NORMAL_CLOSE = 1000;

/** What a message before the start means. `other`: nothing. A text is why the client is sent away. */
export type FirstWord<Start> =
  | { readonly kind: "start"; readonly start: Start }
  | { readonly kind: "other"; readonly reply?: string }
  | { readonly kind: "invalid"; readonly refusal: string };

export interface SocketOpeningOptions<Start> {
  readonly clock: Clock;
  readonly read: (data: RawData, isBinary: boolean) => FirstWord<Start>;
  /** Whoever is called takes the socket over. */
  readonly onStart: (socket: WebSocket, start: Start) => void;
  /** Nobody came, or nobody who could be understood. */
  readonly onEnd: (reason: EndReason) => void;
}

export class SocketOpening<Start> {
  readonly #options: SocketOpeningOptions<Start>;
  readonly #timer: Timer;
  #socket: WebSocket | undefined;
  #state: "waiting" | "over" = "waiting";

  constructor(options: SocketOpeningOptions<Start>) {
    this.#options = options;
    this.#timer = options.clock.after(START_TIMEOUT_MS, () => this.end("never_connected"));
  }

  /** The client's socket, open or about to. One more is closed: there is one client. */
  attach(socket: WebSocket): void {
    if (this.#state === "over" || this.#socket !== undefined) {
      socket.close(NORMAL_CLOSE);
      return;
    }
    this.#socket = socket;
    socket.on("message", this.#onMessage);
    socket.on("close", this.#onClose);
    socket.on("error", ignore);
  }

  /** Ends the waiting. @param refusal what the client is told, if there is one. */
  end(reason: EndReason, refusal?: string): void {
    const socket = this.#over();
    if (socket === null) return;
    if (refusal !== undefined && socket?.readyState === socket?.OPEN) socket?.send(refusal);
    socket?.close(NORMAL_CLOSE, reason);
    this.#options.onEnd(reason);
  }

  readonly #onMessage = (data: RawData, isBinary: boolean): void => {
    const word = this.#options.read(data, isBinary);
    if (word.kind === "invalid") this.end("failed", word.refusal);
    if (word.kind === "other" && word.reply !== undefined) this.#socket?.send(word.reply);
    if (word.kind !== "start") return;
    const socket = this.#over();
    if (socket !== null && socket !== undefined) this.#options.onStart(socket, word.start);
  };

  readonly #onClose = (): void => this.end("client_closed");

  /** @returns the socket, if there is one; null if it is over already. */
  #over(): WebSocket | undefined | null {
    if (this.#state === "over") return null;
    this.#state = "over";
    this.#timer.cancel();
    this.#socket?.off("message", this.#onMessage);
    this.#socket?.off("close", this.#onClose);
    return this.#socket;
  }
}

/** A socket's faults are followed by its close. */
function ignore(): void {
  // Nothing to do.
}

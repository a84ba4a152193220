/**
 * What a session and its client tell each other, over whichever transport: FastRTC's messages, and EdgeRTC's extension with
 * a client that has said `hello`.
 */
import * as v from "valibot";
import {
  ClientHello,
  ClientMessage,
  type ExtensionMessage,
  type FastRtcMessage,
  pythonJson,
} from "../../shared/channel.ts";
import { EdgeRtcError, ERRORS } from "../../shared/errors.ts";
import type { OutputsMessage } from "../../shared/outputs.ts";
import type { Clock } from "../time/clock.ts";
import type { MediaTransport } from "../transport/media-transport.ts";
import { MessageGuard } from "./message-guard.ts";

/** Every client takes messages of this size, a few bytes to a character. A larger one that could not be sent is told to the handler. */
const SURE_MESSAGE_CHARS = 16 * 1024;
/** Messages kept for a client that has not said `hello` yet, such as whose turn it is; past it the oldest are dropped. */
const MAX_EARLY_EXTENSIONS = 32;

export class ClientChannel {
  readonly #transport: Pick<MediaTransport, "manners" | "sendText">;
  readonly #guard: MessageGuard;
  #dialect: "fastrtc" | "edgertc" = "fastrtc";
  #early: ExtensionMessage[] = [];

  constructor(transport: Pick<MediaTransport, "manners" | "sendText">, clock: Clock) {
    this.#transport = transport;
    this.#guard = new MessageGuard(clock);
  }

  /** `edgertc` once the client has said `hello`. */
  get dialect(): "fastrtc" | "edgertc" {
    return this.#dialect;
  }

  send(message: FastRtcMessage): void {
    this.#transport.sendText(pythonJson(message));
  }

  /** Sends a text of the handler's own. @throws EdgeRtcError `message_too_large`. */
  sendText(text: string): void {
    if (!this.#fits(text)) throw new EdgeRtcError("message_too_large");
  }

  /**
   * Sends a message of the extension, or keeps it until the client says `hello`.
   * @returns false where the client could not be sent it, as large as it is.
   */
  extend(message: ExtensionMessage): boolean {
    if (this.#dialect === "edgertc") return this.#fits(JSON.stringify(message));
    this.#early = [...this.#early, message].slice(-MAX_EARLY_EXTENSIONS);
    return true;
  }

  /** As {@link extend}; but whoever says `hello` later is told all that is shown by then, so that nothing is kept. */
  show(message: OutputsMessage): boolean {
    return this.#dialect === "fastrtc" || this.#fits(JSON.stringify(message));
  }

  /** The client has said `hello`: it is told of the session, and what it missed. */
  welcome(session: ExtensionMessage & { readonly type: "session" }): void {
    this.#dialect = "edgertc";
    this.extend(session);
    for (const message of this.#early.splice(0)) this.extend(message);
  }

  /** Takes a text of the client's. @returns the message that it is; undefined where it is refused, or means nothing. */
  receive(text: string): ClientHello | ClientMessage | undefined {
    const verdict = this.#guard.judge(text);
    if (verdict === "dropped") return undefined;
    if (verdict !== "taken") {
      const { what, fix } = ERRORS[verdict];
      this.send({ type: "error", message: `${what} ${fix}`, data: verdict });
      return undefined;
    }
    // FastRTC echoes whatever a client sends on a data channel.
    if (this.#transport.manners === "channel") this.send({ type: "log", data: `Server received: ${text}` });
    return readMessage(text);
  }

  #fits(text: string): boolean {
    return this.#transport.sendText(text) || text.length <= SURE_MESSAGE_CHARS;
  }
}

export const isHello = (message: ClientMessage): boolean => v.is(ClientHello, message);

/** A text that is a message, the application's own or ours. Anything else is echoed and means nothing. */
function readMessage(text: string): ClientMessage | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const parsed = v.safeParse(ClientMessage, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

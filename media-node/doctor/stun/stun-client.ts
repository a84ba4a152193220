/** Requests to a STUN or TURN server, with retransmission, and what it sends unasked. The codec is werift's. */
import * as v from "valibot";
import { classes, Message, methods, parseMessage } from "werift";
import type { Clock, Timer } from "../../time/clock.ts";
import type { Address, Channel, ChannelEvents } from "./channel.ts";

export { classes, Message, methods };

/** First retransmission; then twice as long each time (RFC 8489 §6.2.1). */
const RETRANSMIT_MS = 250;

const AddressAttribute = v.pipe(
  v.tuple([v.string(), v.number()]),
  v.transform(([host, port]): Address => ({ host, port })),
);
const ErrorAttribute = v.tuple([v.number(), v.string()]);

/** The server refused. */
export class StunError extends Error {
  override readonly name = "StunError";
  /** Of RFC 8489 and RFC 8656, such as 401. */
  readonly code: number;

  /** The whole refusal: a 401 has the challenge in it. */
  readonly reply: Message;

  constructor(code: number, reason: string, reply: Message) {
    super(reason);
    this.code = code;
    this.reply = reply;
  }
}

/** No answer within the time given. */
export class StunTimeout extends Error {
  override readonly name = "StunTimeout";
}

interface Waiting {
  readonly key: Buffer | undefined;
  readonly settle: (result: Message | Error) => void;
}

export class StunClient {
  readonly #clock: Clock;
  readonly #waiting = new Map<string, Waiting>();
  #channel: Channel | undefined;
  /** Data that peers sent through the relay. */
  onData: (from: Address, data: Buffer) => void = () => undefined;

  private constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param open opens the channel with the events it is given. */
  static async over(open: (events: ChannelEvents) => Promise<Channel>, clock: Clock): Promise<StunClient> {
    const client = new StunClient(clock);
    client.#channel = await open({
      message: (bytes) => client.#receive(bytes),
      broken: (error) => client.#fail(error),
    });
    return client;
  }

  /**
   * @param key of the long-term credential; the reply must then carry it, too, unless it is an error.
   * @throws StunError, StunTimeout, or what broke the channel.
   */
  async request(message: Message, timeoutMs: number, key?: Buffer): Promise<Message> {
    const { promise, resolve } = Promise.withResolvers<Message | Error>();
    const id = message.transactionIdHex;
    this.#waiting.set(id, { key, settle: resolve });
    const deadline = this.#clock.after(timeoutMs, () => resolve(new StunTimeout(`no answer within ${timeoutMs} ms`)));
    let again: Timer | undefined;
    const send = (delayMs: number): void => {
      this.#channel?.send(message.bytes);
      if (this.#channel?.lossy === true) again = this.#clock.after(delayMs, () => send(delayMs * 2));
    };
    send(RETRANSMIT_MS);
    const result = await promise;
    this.#waiting.delete(id);
    deadline.cancel();
    again?.cancel();
    if (result instanceof Error) throw result;
    if (result.messageClass !== classes.ERROR) return result;
    const [code, reason] = v.parse(ErrorAttribute, result.getAttributeValue("ERROR-CODE"));
    throw new StunError(code, reason, result);
  }

  indicate(message: Message): void {
    this.#channel?.send(message.bytes);
  }

  close(): void {
    this.#fail(new Error("closed"));
    this.#channel?.close();
  }

  #receive(bytes: Buffer): void {
    const message = parseMessage(bytes);
    if (message === undefined) return;
    if (message.messageClass === classes.INDICATION && message.messageMethod === methods.DATA) {
      const data: unknown = message.getAttributeValue("DATA");
      if (data instanceof Buffer) this.onData(addressIn(message, "XOR-PEER-ADDRESS"), data);
      return;
    }
    const waiting = this.#waiting.get(message.transactionIdHex);
    if (waiting === undefined) return;
    // Whoever sends a success must know the password, too: else anybody on the way could claim an allocation.
    const forged =
      waiting.key !== undefined &&
      message.messageClass === classes.RESPONSE &&
      parseMessage(bytes, waiting.key) === undefined;
    if (!forged) waiting.settle(message);
  }

  #fail(error: Error): void {
    for (const { settle } of this.#waiting.values()) settle(error);
  }
}

/** @throws where the message has no such address. */
export function addressIn(message: Message, name: "XOR-MAPPED-ADDRESS" | "XOR-RELAYED-ADDRESS" | "XOR-PEER-ADDRESS") {
  return v.parse(AddressAttribute, message.getAttributeValue(name));
}

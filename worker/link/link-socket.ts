/**
 * One socket of the node link: envelopes with their counters, kept in the socket's attachment because the object may
 * hibernate under it.
 */
import * as v from "valibot";
import { MAX_LINK_MESSAGE_BURST, MAX_LINK_MESSAGE_CHARS, MAX_LINK_MESSAGES_PER_SECOND } from "../../shared/limits.ts";
import { type EdgeMessage, LinkClose, NodeMessage } from "../../shared/link.ts";
import { RateBucket } from "../../shared/rate-bucket.ts";
import { MIN_PROTOCOL_VERSION, PROTOCOL_VERSION } from "../../shared/version.ts";
import type { Place } from "../ledger/types.ts";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What a socket's attachment holds. */
const LinkAttachment = v.object({
  nodeId: v.string(),
  /** The protocol version the node speaks. Sockets that a build before the second one accepted do not say. */
  version: v.optional(count, 1),
  /** Null until its hello was welcomed. */
  epoch: v.nullable(count),
  openedMs: v.number(),
  /** Where it was dialled from, in words. */
  region: v.optional(v.string()),
  /** And on the map. */
  place: v.optional(v.object({ latitude: v.number(), longitude: v.number() })),
  /** When the last message came; pings are counted by the runtime. */
  heardMs: v.number(),
  /** `seq` of the last message sent. */
  sent: count,
  /** `seq` of the last message received. */
  received: count,
  /** Highest `seq` up to which everything is dealt with: what the edge acknowledges. */
  handled: count,
});
export type LinkAttachment = v.InferOutput<typeof LinkAttachment>;

/** A message without its envelope. */
export type EdgeContent = EdgeMessage extends infer M
  ? M extends EdgeMessage
    ? Pick<M, "kind" | "body">
    : never
  : never;

export type Received =
  | { readonly ok: true; readonly message: NodeMessage }
  | { readonly ok: false; readonly why: string };

export class LinkSocket {
  readonly ws: WebSocket;
  #attachment: LinkAttachment;
  /** In memory: an object that could hibernate had nothing to count. */
  readonly #rate = new RateBucket(MAX_LINK_MESSAGES_PER_SECOND, MAX_LINK_MESSAGE_BURST);
  /** Received and not dealt with yet. */
  readonly #open = new Set<number>();

  constructor(ws: WebSocket, attachment: LinkAttachment) {
    this.ws = ws;
    this.#attachment = attachment;
  }

  /** The link over a socket that was just accepted. */
  static open(ws: WebSocket, nodeId: string, nowMs: number, region?: string, place?: Place): LinkSocket {
    const socket = new LinkSocket(ws, {
      nodeId,
      version: MIN_PROTOCOL_VERSION,
      epoch: null,
      openedMs: nowMs,
      ...(region === undefined ? {} : { region }),
      ...(place === undefined ? {} : { place }),
      heardMs: nowMs,
      sent: 0,
      received: 0,
      handled: 0,
    });
    socket.#save({});
    return socket;
  }

  /** The link over a socket that outlived its object's memory; null if its attachment is of another build. */
  static restore(ws: WebSocket): LinkSocket | null {
    const parsed = v.safeParse(LinkAttachment, ws.deserializeAttachment());
    return parsed.success ? new LinkSocket(ws, parsed.output) : null;
  }

  get isOpen(): boolean {
    return this.ws.readyState === WebSocket.OPEN;
  }

  get state(): LinkAttachment {
    return this.#attachment;
  }

  /** Parses one frame. What is not understood closes the link: the caller does it. */
  receive(data: string | ArrayBuffer, nowMs: number): Received {
    if (!this.#rate.take(nowMs)) return { ok: false, why: "too many messages" };
    if (typeof data !== "string") return { ok: false, why: "a binary message" };
    if (data.length > MAX_LINK_MESSAGE_CHARS) return { ok: false, why: "a message too long" };
    const json = parseJson(data);
    if (json === undefined) return { ok: false, why: "a message that is not JSON" };
    const parsed = v.safeParse(NodeMessage, json);
    if (!parsed.success) return { ok: false, why: `a message not understood: ${describe(parsed.issues[0])}` };
    const message = parsed.output;
    // A node of the next release still speaks this one.
    if (message.v < MIN_PROTOCOL_VERSION || message.v > PROTOCOL_VERSION + 1) {
      return { ok: false, why: `protocol version ${message.v}` };
    }
    if (message.seq !== this.#attachment.received + 1) return { ok: false, why: `message ${message.seq} out of order` };
    this.#open.add(message.seq);
    this.#save({ received: message.seq, heardMs: nowMs, version: message.v });
    return { ok: true, message };
  }

  /** A message's effects are in place: it may be acknowledged, once everything before it may. */
  handled(seq: number): void {
    this.#open.delete(seq);
    const handled = this.#open.size === 0 ? this.#attachment.received : Math.min(...this.#open) - 1;
    if (handled !== this.#attachment.handled) this.#save({ handled });
  }

  /** @returns false if the socket is closed already. */
  send(content: EdgeContent): boolean {
    if (!this.isOpen) return false;
    const seq = this.#attachment.sent + 1;
    this.ws.send(JSON.stringify({ v: PROTOCOL_VERSION, seq, ack: this.#attachment.handled, ...content }));
    this.#save({ sent: seq });
    return true;
  }

  welcome(epoch: number, end: readonly string[]): boolean {
    this.#save({ epoch });
    return this.send({ kind: "welcome", body: { epoch, end: [...end] } });
  }

  close(code: number, reason: string): void {
    if (this.isOpen) this.ws.close(code, reason.slice(0, MAX_REASON_CHARS));
  }

  refuse(why: string): void {
    this.close(LinkClose.protocol, why);
  }

  #save(change: Partial<LinkAttachment>): void {
    this.#attachment = { ...this.#attachment, ...change };
    this.ws.serializeAttachment(this.#attachment);
  }
}

/** A close reason is at most 123 bytes; ours are ASCII but for what they quote. */
const MAX_REASON_CHARS = 40;

function parseJson(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function describe(issue: v.BaseIssue<unknown>): string {
  return `${v.getDotPath(issue) ?? "message"}`;
}

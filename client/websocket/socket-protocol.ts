/** What the node, or the edge in its place, says on a session's WebSocket; docs/websocket.md has both sides of it. */
import * as v from "valibot";
import type { CallError } from "../errors.ts";
import { refusalIn } from "../refusal.ts";

const Started = v.object({
  event: v.literal("started"),
  sid: v.string(),
  input_rate: v.pipe(v.number(), v.integer(), v.minValue(1)),
  output_rate: v.pipe(v.number(), v.integer(), v.minValue(1)),
});
export type Started = v.InferOutput<typeof Started>;

const Known = v.union([Started, v.object({ event: v.literal("clear") }), v.object({ event: v.literal("pong") })]);

export type SocketEvent =
  | { readonly kind: "started"; readonly started: Started }
  | { readonly kind: "refused"; readonly error: CallError }
  /** What was received and is not played yet is not to be. */
  | { readonly kind: "clear" }
  | { readonly kind: "pong" }
  /** What comes on a data channel elsewhere. */
  | { readonly kind: "message"; readonly text: string };

export function readSocketText(text: string): SocketEvent {
  const content = parse(text);
  const error = refusalIn(content);
  if (error !== null) return { kind: "refused", error };
  const parsed = v.safeParse(Known, content);
  if (!parsed.success) return { kind: "message", text };
  const message = parsed.output;
  return message.event === "started" ? { kind: "started", started: message } : { kind: message.event };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A handler may send what it likes.
    return undefined;
  }
}

/** 16 bit PCM, the lower byte first, as samples from −1 to 1. */
export function fromPcm16(bytes: ArrayBuffer): Float32Array {
  const view = new DataView(bytes);
  return Float32Array.from({ length: bytes.byteLength >> 1 }, (_, i) => view.getInt16(2 * i, true) / 32_768);
}

export function toPcm16(samples: Float32Array): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(2 * samples.length));
  for (const [i, sample] of samples.entries()) {
    view.setInt16(2 * i, Math.max(-1, Math.min(1, sample)) * 32_767, true);
  }
  return view.buffer;
}

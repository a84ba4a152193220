/** What the node's main process and a session process tell each other. Commands and replies are the node link's own. */
import * as v from "valibot";
import { StreamDescriptor } from "../../shared/descriptor.ts";
import { SessionId } from "../../shared/ids.ts";
import { OutputNews, ReplyBody, SessionCommand, SessionEvent } from "../../shared/link.ts";
import { EndReason } from "../../shared/session.ts";
import { BoundedIceServers } from "../../shared/turn.ts";
import { EngineUsages } from "../speech/engine-usage.ts";

/** How often a shard says that its thread runs. */
export const TICK_MS = 1_000;

export const ToShard = v.variant("kind", [
  v.object({ kind: v.literal("command"), command: SessionCommand }),
  v.object({ kind: v.literal("end_all"), reason: EndReason }),
  /** The socket that comes with it is that of a session's client, and asks to be upgraded. */
  v.object({
    kind: v.literal("socket"),
    sid: SessionId,
    request: v.object({ headers: v.record(v.string(), v.string()), head: v.string() }),
  }),
  /** The media of a session whose client cannot reach this node: the edge is dialled for it. */
  v.object({ kind: v.literal("dial"), sid: SessionId, url: v.string(), headers: v.record(v.string(), v.string()) }),
  /** The edge has agreed to the client id that a session's client gave. */
  v.object({ kind: v.literal("granted"), sid: SessionId }),
  /** Sessions may go on until then, in the machine's time (machine-time.ts): the edge's word holds so long. */
  v.object({ kind: v.literal("vouched"), untilMs: v.number() }),
  /** Sessions that start from now on use these. Not in {@link ShardConfig}: arguments of a process are no place for credentials. */
  v.object({ kind: v.literal("ice_servers"), iceServers: BoundedIceServers }),
  v.object({ kind: v.literal("exit") }),
]);
export type ToShard = v.InferOutput<typeof ToShard>;

/** What a session process takes of the machine. */
export const ShardUsage = v.object({
  /** Cores used since the last tick. */
  cpu: v.number(),
  /** Memory of it that is in RAM. */
  residentBytes: v.number(),
  /** Since it began. */
  engines: EngineUsages,
});
export type ShardUsage = v.InferOutput<typeof ShardUsage>;

export const FromShard = v.variant("kind", [
  /** The stream file is loaded, codecs and models are warm. */
  v.object({ kind: v.literal("ready"), streams: v.array(StreamDescriptor) }),
  /** It cannot be loaded: the node does not start. */
  v.object({ kind: v.literal("broken"), message: v.string() }),
  v.object({ kind: v.literal("reply"), reply: ReplyBody }),
  v.object({ kind: v.literal("event"), event: SessionEvent }),
  v.object({ kind: v.literal("output"), output: OutputNews }),
  v.object({ kind: v.literal("tick"), usage: ShardUsage }),
]);
export type FromShard = v.InferOutput<typeof FromShard>;

/** Given to a shard as its one argument, in JSON. */
export const ShardConfig = v.object({
  index: v.number(),
  streamFile: v.string(),
  ice: v.object({
    mode: v.picklist(["full", "lite"]),
    additionalAddresses: v.array(v.string()),
    bindAddress: v.optional(v.string()),
    privateCandidates: v.picklist(["accept", "refuse"]),
    portRange: v.optional(v.tuple([v.number(), v.number()])),
  }),
});
export type ShardConfig = v.InferOutput<typeof ShardConfig>;

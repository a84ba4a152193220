/** What an app developer writes: a handler, and what the edge and the page need to know about it. */
import * as v from "valibot";
import {
  type Modality,
  type Mode,
  QueueOptions,
  type RtcConfiguration,
  type StreamDescriptor,
} from "../../shared/descriptor.ts";
import type { InputDeclaration } from "../../shared/inputs.ts";
import { StreamHandler } from "../handlers/stream-handler.ts";
import { readDeclarations } from "./inputs.ts";

export interface QueueWish {
  /** Callers that wait at once, at most 1,000. */
  readonly maxLength: number;
  /** A place in line that nobody asks about for this long is given up: 5,000 to 600,000. Default 60,000. */
  readonly ticketTtlMs?: number;
  /** A call that ends at `timeLimit` is at the end of the line again, its `state` kept. Default false. */
  readonly rejoin?: boolean;
}

export interface StreamOptions {
  /** Only `audio` so far. */
  readonly modality: Modality;
  /** From the client's view. Default `send-receive`; `send` has no audio back. */
  readonly mode?: Mode;
  /** Sessions at once over all media nodes. Default 1; null and "default" mean 1 too, as in FastRTC. */
  readonly concurrencyLimit?: number | "default" | null;
  /** Seconds from connected to the end of the call. Default none. */
  readonly timeLimit?: number | null;
  /** Each call needs a join token of the application's backend (`edgertc/tokens`). Default: as the edge is configured. */
  readonly requireToken?: boolean;
  /** Ignore tracks of other kinds instead of refusing the offer. Default false. */
  readonly allowExtraTracks?: boolean;
  /** ICE servers for clients. Default: the browser's own, which is none. */
  readonly rtcConfiguration?: RtcConfiguration | null;
  /** `getUserMedia` audio constraints for the page. */
  readonly trackConstraints?: Record<string, unknown> | null;
  /** What the handler wants to be told beside the audio, by name: `{ mirror: slider({ value: 0.3 }) }`. Default none. */
  readonly inputs?: Readonly<Record<string, InputDeclaration>>;
  /** Who finds every slot taken waits for one, first come, first served (docs/queue.md). Default: is refused. */
  readonly queue?: QueueWish | null;
  /** Words for the page. */
  readonly ui?: { readonly title?: string; readonly subtitle?: string };
}

/**
 * A named endpoint. Export it from a stream file: the export's name is its path, `default` is the root.
 *
 * @example
 * export const echo = new Stream(new ReplyOnPause(async function* ({ audio }) { yield audio; }), { modality: "audio" });
 */
export class Stream {
  readonly handler: StreamHandler;
  readonly options: StreamOptions;

  /** @throws TypeError for options that make no sense, saying which. */
  constructor(handler: StreamHandler, options: StreamOptions) {
    if (!(handler instanceof StreamHandler)) {
      throw new TypeError("A Stream's handler must be a StreamHandler, such as ReplyOnPause.");
    }
    const { modality, mode = "send-receive", concurrencyLimit, timeLimit } = options;
    if (modality !== "audio") throw new TypeError(`modality "${modality}" is not supported yet; use "audio".`);
    if (mode === "receive") throw new TypeError('mode "receive" is not supported yet; use "send-receive" or "send".');
    if (typeof concurrencyLimit === "number" && !(Number.isInteger(concurrencyLimit) && concurrencyLimit >= 1)) {
      throw new TypeError(`concurrencyLimit must be a positive integer, not ${concurrencyLimit}.`);
    }
    if (typeof timeLimit === "number" && !(timeLimit > 0)) {
      throw new TypeError(`timeLimit must be a positive number of seconds, not ${timeLimit}.`);
    }
    if (options.queue != null) readQueue(options.queue);
    if (options.inputs !== undefined) readDeclarations(options.inputs);
    this.handler = handler;
    this.options = options;
  }

  /** The stream as data, as the edge gets it. */
  describe(name: string, build: number): StreamDescriptor {
    const { modality, mode, concurrencyLimit, timeLimit, allowExtraTracks, rtcConfiguration, trackConstraints, ui } =
      this.options;
    const { inputs, queue, requireToken } = this.options;
    return {
      name,
      modality,
      mode: mode ?? "send-receive",
      concurrencyLimit: typeof concurrencyLimit === "number" ? concurrencyLimit : 1,
      timeLimit: timeLimit ?? null,
      allowExtraTracks: allowExtraTracks ?? false,
      rtcConfiguration: rtcConfiguration ?? null,
      trackConstraints: trackConstraints ?? null,
      ui: { ...ui },
      ...(requireToken === undefined ? {} : { requireToken }),
      ...(inputs === undefined ? {} : { inputs: { ...inputs } }),
      ...(queue == null ? {} : { queue: readQueue(queue) }),
      build,
    };
  }
}

const DEFAULT_TICKET_TTL_MS = 60_000;

function readQueue({ maxLength, ticketTtlMs = DEFAULT_TICKET_TTL_MS, rejoin = false }: QueueWish): QueueOptions {
  const parsed = v.safeParse(QueueOptions, { maxLength, ticketTtlMs, rejoin });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new TypeError(`queue.${v.getDotPath(issue) ?? ""} makes no sense: ${issue.message}`);
}

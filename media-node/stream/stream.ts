/** What an app developer writes: a handler, and what the edge and the page need to know about it. */
import * as v from "valibot";
import {
  Modality,
  type Mode,
  QueueOptions,
  type RtcConfiguration,
  type StreamDescriptor,
  StreamUi,
} from "../../shared/descriptor.ts";
import { HeaderNames } from "../../shared/request-facts.ts";
import type { SendFunction } from "../handlers/generated-audio.ts";
import { ReplyOnStopWords } from "../handlers/reply-on-stop-words.ts";
import type { StreamHandler } from "../handlers/stream-handler.ts";
import {
  DEFAULT_MAX_VIDEO_BITS_PER_SECOND,
  MAX_VIDEO_BITS_PER_SECOND,
  MIN_VIDEO_BITS_PER_SECOND,
} from "../video/bit-rates.ts";
import type { VideoFunction, VideoGenerator } from "../video/video-stream-handler.ts";
import { handlerOf } from "./handler-of.ts";
import { type Input, type InputsOf, readDeclarations } from "./inputs.ts";
import { type DeclaredOutputs, type OutputsOf, readOutputs } from "./outputs.ts";
import { shownStopWords } from "./stop-words.ts";

export interface QueueWish {
  /** Callers that wait at once, at most 1,000. */
  readonly maxLength: number;
  /** A place in line that nobody asks about for this long is given up: 5,000 to 600,000. Default 60,000. */
  readonly ticketTtlMs?: number;
  /** A call that ends at `timeLimit` is at the end of the line again, its `state` kept. Default false. */
  readonly rejoin?: boolean;
}

/** Inputs as a stream declares them, by name. */
export type DeclaredInputs = Readonly<Record<string, Input<unknown>>>;

export interface StreamOptions<
  Declared extends DeclaredInputs = DeclaredInputs,
  Outputs extends DeclaredOutputs = DeclaredOutputs,
> {
  /** `audio`, `video`, or `audio-video`. */
  readonly modality: Modality;
  /** From the client's view. Default `send-receive`; `send` has no audio back, `receive` only that. */
  readonly mode?: Mode;
  /**
   * Of a function of mode `receive`: whether it starts when the client has connected. Default false: as in FastRTC with the client's
   * first inputs, or when `triggerResponse` says so; for EdgeRTC's own client, whose button was pressed, at once.
   */
  readonly autostart?: boolean;
  /** Longest a function of mode `receive` may take from one value to the next. Default 60,000; null is none. */
  readonly replyTimeoutMs?: number | null;
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
  /** `getUserMedia` constraints for the page; of `audio-video`, those of each kind: `{ audio: …, video: … }`. */
  readonly trackConstraints?: Record<string, unknown> | null;
  /** For the client's `RTCRtpSender.setParameters`, such as `{ degradationPreference: "maintain-framerate" }`. Default none. */
  readonly rtpParams?: Record<string, unknown> | null;
  /**
   * Of video, each way: what is sent at most, and what the client is told that it may send. 100,000 to 20,000,000; default
   * 1,500,000, enough for 720p of a face.
   */
  readonly maxVideoBitsPerSecond?: number;
  /** What the handler wants to be told beside the audio, by name: `{ mirror: slider({ value: 0.3 }) }`. Default none. */
  readonly inputs?: Declared;
  /**
   * Headers of the offer that the handler is given as `session.request.headers`, such as `["authorization"]`: at most 16, each up
   * to 4,096 characters. Default none.
   */
  readonly requestHeaders?: readonly string[];
  /** Who finds every slot taken waits for one, first come, first served (docs/queue.md). Default: is refused. */
  readonly queue?: QueueWish | null;
  /**
   * What the page shows of the handler's `AdditionalOutputs`, by name: `{ conversation: output.chat() }`. Their first argument is the
   * first output's value, and so on. Default: the page shows them as they are.
   */
  readonly outputs?: Outputs;
  /** The page: title, subtitle, icon, colours, labels, layout, variant (docs/page.md). */
  readonly ui?: StreamUi;
  /**
   * Makes new values of the outputs that the page shows and of the arguments of one `AdditionalOutputs`; those that it does not
   * give stay, null shows nothing. Runs in the session process, so it must be quick, and keep nothing of its own.
   */
  additionalOutputsHandler?(shown: OutputsOf<Outputs>, ...args: never[]): Partial<OutputsOf<Outputs>>;
}

/**
 * A named endpoint. Export it from a stream file: the export's name is its path, `default` is the root.
 *
 * @example
 * export const echo = new Stream(new ReplyOnPause(async function* ({ audio }) { yield audio; }), { modality: "audio" });
 */
export class Stream<
  Declared extends DeclaredInputs = DeclaredInputs,
  Outputs extends DeclaredOutputs = DeclaredOutputs,
> {
  readonly handler: StreamHandler;
  readonly options: StreamOptions<Declared, Outputs>;

  /** @throws TypeError for options that make no sense, saying which. */
  constructor(handler: StreamHandler, options: StreamOptions<Declared, Outputs>);
  /** Mode `receive`: what the function yields is sent, and the call ends with it. */
  constructor(
    fn: SendFunction<InputsOf<Declared>>,
    options: StreamOptions<Declared, Outputs> & { readonly modality: "audio"; readonly mode: "receive" },
  );
  /** Video: called with each frame of the client's; in mode `receive`, a generator of frames. */
  constructor(
    fn: VideoFunction<InputsOf<Declared>>,
    options: StreamOptions<Declared, Outputs> & { readonly modality: "video"; readonly mode?: "send-receive" | "send" },
  );
  constructor(
    fn: VideoGenerator<InputsOf<Declared>>,
    options: StreamOptions<Declared, Outputs> & { readonly modality: "video"; readonly mode: "receive" },
  );
  constructor(
    handler:
      | StreamHandler
      | SendFunction<InputsOf<Declared>>
      | VideoFunction<InputsOf<Declared>>
      | VideoGenerator<InputsOf<Declared>>,
    options: StreamOptions<Declared, Outputs>,
  ) {
    const { modality, concurrencyLimit, timeLimit } = options;
    if (!v.is(Modality, modality)) {
      throw new TypeError(
        `Modality must be either video, audio, or audio-video, not ${String(modality).slice(0, 20)}.`,
      );
    }
    if (typeof concurrencyLimit === "number" && !(Number.isInteger(concurrencyLimit) && concurrencyLimit >= 1)) {
      throw new TypeError(`concurrencyLimit must be a positive integer, not ${concurrencyLimit}.`);
    }
    if (typeof timeLimit === "number" && !(timeLimit > 0)) {
      throw new TypeError(`timeLimit must be a positive number of seconds, not ${timeLimit}.`);
    }
    checkVideoBitrate(options.maxVideoBitsPerSecond);
    if (options.queue != null) readQueue(options.queue);
    if (options.inputs !== undefined) readDeclarations(options.inputs);
    if (options.outputs !== undefined) readOutputs(options.outputs);
    else if (options.additionalOutputsHandler !== undefined) {
      throw new TypeError("additionalOutputsHandler combines declared outputs: declare some in outputs.");
    }
    readUi(options.ui);
    readRequestHeaders(options.requestHeaders);
    this.handler = handlerOf(handler, options);
    this.options = options;
  }

  /** The stream as data, as the edge gets it. */
  describe(name: string, build: number): StreamDescriptor {
    const { modality, mode, concurrencyLimit, timeLimit, allowExtraTracks, rtcConfiguration, trackConstraints, ui } =
      this.options;
    const stopWords = this.handler instanceof ReplyOnStopWords ? shownStopWords(this.handler.stopWords) : [];
    const { inputs, outputs, queue, requireToken, requestHeaders, rtpParams } = this.options;
    return {
      name,
      modality,
      mode: mode ?? "send-receive",
      concurrencyLimit: typeof concurrencyLimit === "number" ? concurrencyLimit : 1,
      timeLimit: timeLimit ?? null,
      allowExtraTracks: allowExtraTracks ?? false,
      rtcConfiguration: rtcConfiguration ?? null,
      trackConstraints: trackConstraints ?? null,
      ui: readUi(ui),
      ...(rtpParams == null ? {} : { rtpParams }),
      ...(requireToken === undefined ? {} : { requireToken }),
      ...(inputs === undefined ? {} : { inputs: { ...inputs } }),
      ...(outputs === undefined ? {} : { outputs: { ...outputs } }),
      ...(stopWords.length === 0 ? {} : { stopWords }),
      ...(requestHeaders === undefined ? {} : { requestHeaders: readRequestHeaders(requestHeaders) }),
      ...(queue == null ? {} : { queue: readQueue(queue) }),
      build,
    };
  }
}

/** @throws TypeError for what no picture goes through, or no line. */
function checkVideoBitrate(bitsPerSecond = DEFAULT_MAX_VIDEO_BITS_PER_SECOND): void {
  if (bitsPerSecond >= MIN_VIDEO_BITS_PER_SECOND && bitsPerSecond <= MAX_VIDEO_BITS_PER_SECOND) return;
  throw new TypeError(`maxVideoBitsPerSecond must be 100000 to 20000000, not ${bitsPerSecond}.`);
}

/** @throws TypeError for what the page cannot show. */
function readUi(ui: StreamUi = {}): StreamUi {
  const parsed = v.safeParse(StreamUi, ui);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new TypeError(`ui.${v.getDotPath(issue) ?? ""} makes no sense: ${issue.message}`);
}

const DEFAULT_TICKET_TTL_MS = 60_000;

function readQueue({ maxLength, ticketTtlMs = DEFAULT_TICKET_TTL_MS, rejoin = false }: QueueWish): QueueOptions {
  const parsed = v.safeParse(QueueOptions, { maxLength, ticketTtlMs, rejoin });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new TypeError(`queue.${v.getDotPath(issue) ?? ""} makes no sense: ${issue.message}`);
}

/** @throws TypeError for what are no headers, or too many. */
function readRequestHeaders(names: readonly string[] = []): string[] {
  const parsed = v.safeParse(HeaderNames, [...new Set(names.map((name) => String(name).toLowerCase()))]);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new TypeError(`requestHeaders makes no sense at ${v.getDotPath(issue) ?? "its length"}: ${issue.message}`);
}

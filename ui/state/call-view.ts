/** What the page shows of a call: a pure function of the call's events. */
import type { CallError, CallInfo, CallState, TranscriptLine, TurnState, VideoReport } from "../../client/index.ts";
import type { OutputValues } from "../../shared/outputs.ts";
import { logged, type TurnLog } from "./turn-log.ts";

/** Lines of conversation kept; the oldest go first. */
export const MAX_LINES = 400;
/** Outputs kept; the oldest go first. */
export const MAX_OUTPUTS = 30;

export interface Output {
  readonly id: number;
  readonly values: readonly unknown[];
}

export interface CallView {
  readonly call: CallState;
  /** Null until the server says who is speaking. */
  readonly turn: TurnState | null;
  readonly lines: readonly TranscriptLine[];
  readonly outputs: readonly Output[];
  /** Values of the declared outputs, those that have come. */
  readonly shown: OutputValues;
  /** Whose turn it was, for developers. */
  readonly turns: TurnLog;
  /** It was connected, and its time is up: it is in line for another turn. */
  readonly timeUp: boolean;
  /** The stop word was heard: what is said now is the question. */
  readonly stopWordHeard: boolean;
  /** An error that did not end the call. */
  readonly notice: CallError | null;
  readonly info: CallInfo | null;
  /** The camera, and what the stream shows. */
  readonly localVideo: MediaStream | null;
  readonly remoteVideo: MediaStream | null;
  readonly videoReport: VideoReport | null;
}

export type CallViewEvent =
  /** A new call: what the last one showed is gone. */
  | { readonly type: "reset" }
  | { readonly type: "call"; readonly call: CallState; readonly info: CallInfo }
  | { readonly type: "turn"; readonly turn: TurnState; readonly atMs: number }
  | { readonly type: "stop_word" }
  | { readonly type: "line"; readonly line: TranscriptLine }
  | { readonly type: "output"; readonly values: readonly unknown[] }
  | { readonly type: "shown"; readonly values: OutputValues }
  | { readonly type: "local_video" | "remote_video"; readonly stream: MediaStream | null }
  | { readonly type: "video_report"; readonly report: VideoReport }
  | { readonly type: "notice"; readonly error: CallError | null };

export const EMPTY_VIEW: CallView = {
  call: { name: "idle" },
  turn: null,
  lines: [],
  outputs: [],
  shown: {},
  turns: [],
  timeUp: false,
  stopWordHeard: false,
  notice: null,
  info: null,
  localVideo: null,
  remoteVideo: null,
  videoReport: null,
};

export function nextView(view: CallView, event: CallViewEvent): CallView {
  switch (event.type) {
    case "reset":
      return EMPTY_VIEW;
    case "call": {
      const over = isOver(event.call);
      const queued = event.call.name === "queued";
      return {
        ...view,
        call: event.call,
        info: event.info,
        timeUp: !over && (view.timeUp ? event.call.name !== "connected" : queued && wasConnected(view.call)),
        lines: over || queued ? view.lines.map(closed) : view.lines,
        ...((over || queued) && { stopWordHeard: false, remoteVideo: null, videoReport: null }),
        // The next session says whose turn it is.
        ...(queued && { turn: null }),
        ...(over && { localVideo: null }),
      };
    }
    case "turn":
      return {
        ...view,
        turn: event.turn,
        turns: logged(view.turns, event.turn, event.atMs),
        // It has been answered: the word has to be said again.
        stopWordHeard: view.stopWordHeard && !isAnswered(view.turn, event.turn),
      };
    case "stop_word":
      return { ...view, stopWordHeard: true };
    case "line":
      return { ...view, lines: withLine(view.lines, event.line) };
    case "output": {
      const id = (view.outputs.at(-1)?.id ?? 0) + 1;
      return { ...view, outputs: [...view.outputs, { id, values: event.values }].slice(-MAX_OUTPUTS) };
    }
    case "shown":
      return { ...view, shown: { ...view.shown, ...event.values } };
    case "local_video":
      return { ...view, localVideo: event.stream };
    case "remote_video":
      return { ...view, remoteVideo: event.stream };
    case "video_report":
      return { ...view, videoReport: event.report };
    case "notice":
      return { ...view, notice: event.error };
  }
}

/** A reply that is over. Who is only silent for a moment after the word has not been answered. */
function isAnswered(before: TurnState | null, now: TurnState): boolean {
  return now === "listening" && (before === "bot_speaking" || before === "thinking");
}

function wasConnected({ name }: CallState): boolean {
  return name === "connected" || name === "interrupted";
}

function isOver({ name }: CallState): boolean {
  return name === "ended" || name === "failed";
}

/** A line that the end of the call cut short grows no more. */
function closed(line: TranscriptLine): TranscriptLine {
  return line.final ? line : { ...line, final: true };
}

/** A line with a known id replaces that one where it stands, so that a correction does not move. */
function withLine(lines: readonly TranscriptLine[], line: TranscriptLine): readonly TranscriptLine[] {
  const index = lines.findLastIndex(({ id }) => id === line.id);
  return index === -1 ? [...lines, line].slice(-MAX_LINES) : lines.with(index, line);
}

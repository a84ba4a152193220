/** What the big button and the words beside it show: the call's state and whose turn it is, as one word. */
import type { CallState, StreamDescriptor, TurnState } from "../../client/index.ts";
import type { StreamLabels } from "../../shared/stream-ui.ts";

export type Phase =
  | "idle"
  | "asking"
  | "connecting"
  | "queued"
  | "live"
  | "listening"
  | "user_speaking"
  | "thinking"
  | "bot_speaking"
  | "interrupted"
  | "ended"
  | "failed";

export function phaseOf(call: CallState, turn: TurnState | null): Phase {
  switch (call.name) {
    case "starting":
      return "connecting";
    case "asking_microphone":
      return "asking";
    case "connected":
      return turn ?? "live";
    default:
      return call.name;
  }
}

/** True while pressing the button hangs up. */
export function isInCall(phase: Phase): boolean {
  return phase !== "idle" && phase !== "ended" && phase !== "failed";
}

const BEFORE_THE_CALL: ReadonlySet<Phase> = new Set(["asking", "connecting", "queued"]);

/** Whoever may say a stop word: the handler speaks, or thinks, in the other phases of a call. */
const AWAITS_WORDS: ReadonlySet<Phase> = new Set(["live", "listening", "user_speaking"]);

/** What of a call decides about the hint, beside its phase. */
export interface Guidance {
  /** It is in line because its time is up. Default false. */
  readonly timeUp?: boolean;
  /** One of these is waited for. Default none. */
  readonly stopWords?: readonly string[] | undefined;
}

export interface PhaseWords {
  /** The state, in a word or two. */
  readonly label: string;
  /** One line of guidance. */
  readonly hint: string;
  /** What pressing the button does. */
  readonly action: string;
}

const LABELS: Record<Phase, string> = {
  idle: "Ready",
  asking: "Allow the microphone",
  connecting: "Connecting",
  queued: "Waiting in line",
  live: "Connected",
  listening: "Listening",
  user_speaking: "Hearing you",
  thinking: "Thinking",
  bot_speaking: "Speaking",
  interrupted: "Reconnecting",
  ended: "Call ended",
  failed: "Call failed",
};

const ASKING: Record<StreamDescriptor["modality"], string> = {
  audio: LABELS.asking,
  video: "Allow the camera",
  "audio-video": "Allow camera and microphone",
};

const HINTS: Partial<Record<Phase, string>> = {
  asking: "Your browser asks for it, near the address bar.",
  listening: "Go ahead, speak.",
  interrupted: "The connection was interrupted. Hold on.",
};

const IDLE_HINTS: Record<StreamDescriptor["mode"], string> = {
  "send-receive": "Press the button and say something.",
  send: "Press the button and speak: your words appear as you say them.",
  receive: "Press the button and listen.",
};

/** Ordinary ends that the person did not bring about. */
const END_HINTS: Partial<Record<string, string>> = {
  time_limit: "The time limit of this stream was reached.",
  handler_closed: "The other side hung up.",
  draining: "The server is being updated. Call again in a moment.",
  client_id_taken: "Another call has the same id. Call again.",
  ended_by_edge: "The server ended the call.",
};

const OR = new Intl.ListFormat("en", { type: "disjunction" });

const MS_PER_SECOND = 1_000;
const MS_PER_MINUTE = 60_000;

/** A place in line, in words. */
function placeHint({ position, estimatedWaitMs }: Extract<CallState, { name: "queued" }>, timeUp: boolean): string {
  const before = timeUp ? "Your time is up, and you are in line again. " : "";
  const place = before + placeOf(position);
  if (estimatedWaitMs === null) return place;
  const seconds = Math.max(1, Math.ceil(estimatedWaitMs / MS_PER_SECOND));
  const wait = estimatedWaitMs < MS_PER_MINUTE ? `${seconds} s` : `${Math.round(estimatedWaitMs / MS_PER_MINUTE)} min`;
  return `${place} About ${wait} to go.`;
}

/** Undefined where none is waited for. */
function stopWordsHint(words: readonly string[]): string | undefined {
  if (words.length === 0) return undefined;
  return `Say ${OR.format(words.map((word) => `“${word}”`))}.`;
}

function placeOf(position: number): string {
  return position === 1 ? "You are next." : `You are number ${position} in line.`;
}

/** For streams without sound. */
const PICTURE_HINTS: Record<StreamDescriptor["mode"], string> = {
  "send-receive": "Press the button to show your camera.",
  send: "Press the button to show your camera.",
  receive: "Press the button and watch.",
};

export function wordsOf(
  phase: Phase,
  call: CallState,
  mode: StreamDescriptor["mode"],
  modality: StreamDescriptor["modality"] = "audio",
  labels: StreamLabels = {},
  { timeUp = false, stopWords = [] }: Guidance = {},
): PhaseWords {
  const endHint = call.name === "ended" ? END_HINTS[call.reason] : undefined;
  const idleHint = modality === "video" ? PICTURE_HINTS[mode] : IDLE_HINTS[mode];
  const wordsHint = AWAITS_WORDS.has(phase) ? stopWordsHint(stopWords) : undefined;
  const callHint = call.name === "queued" ? placeHint(call, timeUp) : (endHint ?? wordsHint);
  const hint = phase === "idle" ? idleHint : (callHint ?? HINTS[phase] ?? "");
  const inCall = isInCall(phase);
  const connected = inCall && !BEFORE_THE_CALL.has(phase);
  const idleAction = phase === "idle" ? (labels.start ?? "Start") : "Call again";
  const waiting = phase === "connecting" ? labels.waiting : undefined;
  const label = waiting ?? (phase === "asking" ? ASKING[modality] : LABELS[phase]);
  return { label, hint, action: connected ? (labels.stop ?? "Hang up") : inCall ? "Cancel" : idleAction };
}

/** What one side of the conversation is called. */
export function nameOf(role: string, labels: StreamLabels): string {
  if (role === "user") return labels.user ?? "You";
  return role === "assistant" ? (labels.assistant ?? "Assistant") : role;
}

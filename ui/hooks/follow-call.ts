/** Turns the events of a call into those of the view. */
import * as v from "valibot";
import type { Call, CallState, ChannelMessage, Levels } from "../../client/index.ts";
import { OutputsMessage } from "../../shared/outputs.ts";
import type { CallViewEvent } from "../state/call-view.ts";

export interface CallFollower {
  readonly show: (event: CallViewEvent) => void;
  readonly onLevels: (levels: Levels) => void;
  readonly onState: (state: CallState) => void;
}

/** @param isCurrent whether the page still shows this call: the last events of one that it does not are nobody's. */
export function followCall(
  call: Pick<Call, "on" | "state" | "info">,
  isCurrent: () => boolean,
  follower: CallFollower,
): void {
  const show = (event: CallViewEvent): void => {
    if (isCurrent()) follower.show(event);
  };
  call.on("state", (state) => {
    show({ type: "call", call: state, info: call.info });
    if (isCurrent()) follower.onState(state);
  });
  call.on("turn", (turn) => show({ type: "turn", turn, atMs: performance.now() }));
  call.on("transcript", (line) => show({ type: "line", line }));
  call.on("output", (values) => show({ type: "output", values }));
  call.on("localVideo", (stream) => show({ type: "local_video", stream }));
  call.on("remoteVideo", (stream) => show({ type: "remote_video", stream }));
  call.on("videoReport", (report) => show({ type: "video_report", report }));
  call.on("error", (error) => {
    if (call.state.name !== "failed") show({ type: "notice", error });
  });
  call.on("message", (received) => {
    // The session's own name comes with it.
    if (received.message?.type === "session") show({ type: "call", call: call.state, info: call.info });
    if (received.message?.type === "stopword") show({ type: "stop_word" });
    const values = shownIn(received);
    if (values !== null) show({ type: "shown", values });
  });
  call.on("levels", (levels) => {
    if (isCurrent()) follower.onLevels(levels);
  });
}

/** Values of declared outputs: a message that only pages look at. */
function shownIn({ text, message }: ChannelMessage): OutputsMessage["data"] | null {
  if (message !== null || !text.startsWith("{")) return null;
  try {
    const parsed = v.safeParse(OutputsMessage, JSON.parse(text));
    return parsed.success ? parsed.output.data : null;
  } catch {
    // A text of the handler's own.
    return null;
  }
}

/** One call at a time, as what the page shows of it and what the page can do with it. */
import { useCallback, useEffect, useReducer, useRef } from "preact/hooks";
import { toCallError } from "../../client/errors.ts";
import { type Call, type CallState, createCall, type Levels, type StreamDescriptor } from "../../client/index.ts";
import { type CallView, EMPTY_VIEW, nextView } from "../state/call-view.ts";

/** How the person wants to be heard and to hear. */
export interface AudioChoices {
  readonly microphoneMuted: boolean;
  readonly speakerMuted: boolean;
  /** "" is the browser's default. */
  readonly microphoneId: string;
}

export interface CallControls {
  readonly view: CallView;
  /** The latest levels: read on animation frames, so not part of the view. */
  readonly levels: { readonly current: Levels };
  readonly current: () => Call | null;
  readonly start: (descriptor: StreamDescriptor) => void;
  readonly hangUp: () => void;
  /** Hangs up and shows nothing of the call any more. */
  readonly clear: () => void;
  readonly resumePlayback: () => void;
  readonly dismissNotice: () => void;
}

const SILENCE: Levels = { input: 0, output: 0 };

export function useCall(choices: AudioChoices): CallControls {
  const [view, dispatch] = useReducer(nextView, EMPTY_VIEW);
  const call = useRef<Call | null>(null);
  const levels = useRef<Levels>(SILENCE);
  const { microphoneMuted, speakerMuted, microphoneId } = choices;

  const current = useCallback(() => call.current, []);

  const hangUp = useCallback(() => {
    void call.current?.end();
  }, []);

  const clear = useCallback(() => {
    const last = call.current;
    // First: its last events are not shown any more.
    call.current = null;
    levels.current = SILENCE;
    void last?.end();
    dispatch({ type: "reset" });
  }, []);

  const start = (descriptor: StreamDescriptor) => {
    clear();
    const next = createCall({
      stream: descriptor.name,
      descriptor,
      ...(microphoneId !== "" && { audio: { deviceId: microphoneId } }),
    });
    call.current = next;
    const ifCurrent =
      <T>(listener: (value: T) => void) =>
      (value: T) => {
        if (call.current === next) listener(value);
      };
    next.on(
      "state",
      ifCurrent((state: CallState) => {
        if (state.name === "ended" || state.name === "failed") levels.current = SILENCE;
        dispatch({ type: "call", call: state, info: next.info });
      }),
    );
    next.on(
      "turn",
      ifCurrent((turn) => dispatch({ type: "turn", turn })),
    );
    next.on(
      "transcript",
      ifCurrent((line) => dispatch({ type: "line", line })),
    );
    next.on(
      "output",
      ifCurrent((values) => dispatch({ type: "output", values })),
    );
    next.on(
      "message",
      ifCurrent(({ message }) => {
        // The session's own name comes with it.
        if (message?.type === "session") dispatch({ type: "call", call: next.state, info: next.info });
      }),
    );
    next.on(
      "error",
      ifCurrent((error) => {
        if (next.state.name !== "failed") dispatch({ type: "notice", error });
      }),
    );
    next.on(
      "levels",
      ifCurrent((now) => {
        levels.current = now;
      }),
    );
    next.mute(microphoneMuted);
    next.muteSpeaker(speakerMuted);
    // What it rejects with is in the state as well, and shown from there.
    next.start().catch(() => null);
  };

  const dismissNotice = () => dispatch({ type: "notice", error: null });

  const resumePlayback = () => {
    dismissNotice();
    void call.current?.resumePlayback();
  };

  useEffect(() => call.current?.mute(microphoneMuted), [microphoneMuted]);
  useEffect(() => call.current?.muteSpeaker(speakerMuted), [speakerMuted]);
  useEffect(() => {
    if (call.current?.state.name !== "connected") return;
    call.current
      .setMicrophone(microphoneId === "" ? {} : { deviceId: { exact: microphoneId } })
      .catch((error: unknown) => dispatch({ type: "notice", error: toCallError(error) }));
  }, [microphoneId]);
  useEffect(() => hangUp, [hangUp]);

  return { view, levels, current, start, hangUp, clear, resumePlayback, dismissNotice };
}

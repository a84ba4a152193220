/** One call at a time, as what the page shows of it and what the page can do with it. */
import { useCallback, useEffect, useReducer, useRef } from "preact/hooks";
import { toCallError } from "../../client/errors.ts";
import { type Call, type CallState, createCall, type Levels, type StreamDescriptor } from "../../client/index.ts";
import { type CallView, EMPTY_VIEW, nextView } from "../state/call-view.ts";
import { chooseTransport } from "../state/streams.ts";

/** How the person wants to be heard and seen, and to hear. */
export interface DeviceChoices {
  readonly microphoneMuted: boolean;
  readonly speakerMuted: boolean;
  /** "" is the browser's default. */
  readonly microphoneId: string;
  readonly cameraMuted: boolean;
  readonly cameraId: string;
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
  /** Sends inputs to the handler, while there is one. */
  readonly setInputs: (values: Readonly<Record<string, unknown>>) => void;
  readonly resumePlayback: () => void;
  readonly dismissNotice: () => void;
}

const SILENCE: Levels = { input: 0, output: 0 };

export function useCall(choices: DeviceChoices): CallControls {
  const [view, dispatch] = useReducer(nextView, EMPTY_VIEW);
  const call = useRef<Call | null>(null);
  const levels = useRef<Levels>(SILENCE);
  const { microphoneMuted, speakerMuted, microphoneId, cameraMuted, cameraId } = choices;

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
      ...chooseTransport(location.search),
      ...(microphoneId !== "" && { audio: { deviceId: microphoneId } }),
      ...(cameraId !== "" && { video: { deviceId: cameraId } }),
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
      "localVideo",
      ifCurrent((stream) => dispatch({ type: "local_video", stream })),
    );
    next.on(
      "remoteVideo",
      ifCurrent((stream) => dispatch({ type: "remote_video", stream })),
    );
    next.on(
      "videoReport",
      ifCurrent((report) => dispatch({ type: "video_report", report })),
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
    next.muteCamera(cameraMuted);
    // What it rejects with is in the state as well, and shown from there.
    next.start().catch(() => null);
  };

  const setInputs = useCallback((values: Readonly<Record<string, unknown>>) => {
    if (call.current?.state.name !== "connected") return;
    call.current.setInputs(values).catch((error: unknown) => dispatch({ type: "notice", error: toCallError(error) }));
  }, []);

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
  useEffect(() => call.current?.muteCamera(cameraMuted), [cameraMuted]);
  useEffect(() => {
    if (call.current?.state.name !== "connected") return;
    call.current
      .setCamera(cameraId === "" ? {} : { deviceId: { exact: cameraId } })
      .catch((error: unknown) => dispatch({ type: "notice", error: toCallError(error) }));
  }, [cameraId]);
  useEffect(() => hangUp, [hangUp]);

  return { view, levels, current, start, hangUp, clear, setInputs, resumePlayback, dismissNotice };
}

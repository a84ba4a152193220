/** One call at a time, as what the page shows of it and what the page can do with it. */
import { useCallback, useEffect, useReducer, useRef, useState } from "preact/hooks";
import { toCallError } from "../../client/errors.ts";
import { type Call, createCall, type Levels, type StreamDescriptor } from "../../client/index.ts";
import { type CallView, EMPTY_VIEW, nextView } from "../state/call-view.ts";
import { ResponseTime } from "../state/response-time.ts";
import { Silence } from "../state/silence.ts";
import { chooseTransport } from "../state/streams.ts";
import { NOTHING_UNSENT, sendAll, type Unsent, withText } from "../state/unsent.ts";
import { followCall } from "./follow-call.ts";

/** How the person wants to be heard and seen, and to hear. */
export interface DeviceChoices {
  readonly microphoneMuted: boolean;
  readonly speakerMuted: boolean;
  /** "" is the browser's default. */
  readonly microphoneId: string;
  readonly cameraMuted: boolean;
  readonly cameraId: string;
}

/** What the call began with: `none` asks for no microphone, which can be opened later. */
export type Voice = "microphone" | "none";

export interface CallControls {
  readonly view: CallView;
  /** The latest levels: read on animation frames, so not part of the view. */
  readonly levels: { readonly current: Levels };
  readonly responseTime: { readonly current: ResponseTime };
  readonly current: () => Call | null;
  /** What the microphone of the call is. */
  readonly voice: Voice;
  readonly start: (descriptor: StreamDescriptor, voice?: Voice) => void;
  /** Opens the microphone of a call that began without. */
  readonly openMicrophone: () => void;
  /** Sends typed text to the stream's handler: now, or once a call to it is connected. */
  readonly say: (stream: string, text: string) => void;
  /** What was typed and not sent yet. */
  readonly unsent: Unsent;
  readonly hangUp: () => void;
  /** Hangs up and shows nothing of the call any more. */
  readonly clear: () => void;
  /** Sends inputs to the handler, while there is one. */
  readonly setInputs: (values: Readonly<Record<string, unknown>>) => void;
  readonly resumePlayback: () => void;
  readonly dismissNotice: () => void;
}

const SILENT_LEVELS: Levels = { input: 0, output: 0 };

/** The browser's default, or exactly that one. */
function deviceOf(id: string): MediaTrackConstraints {
  return id === "" ? {} : { deviceId: { exact: id } };
}

export function useCall(choices: DeviceChoices): CallControls {
  const [view, dispatch] = useReducer(nextView, EMPTY_VIEW);
  const [voice, setVoice] = useState<Voice>("microphone");
  const call = useRef<Call | null>(null);
  const silence = useRef<Silence | null>(null);
  const [unsent, setUnsent] = useState(NOTHING_UNSENT);
  /** The latest, for listeners of a call. */
  const waiting = useRef(NOTHING_UNSENT);
  const levels = useRef<Levels>(SILENT_LEVELS);
  const responseTime = useRef(new ResponseTime());
  const { microphoneMuted, speakerMuted, microphoneId, cameraMuted, cameraId } = choices;

  const current = useCallback(() => call.current, []);
  const notice = (error: unknown) => dispatch({ type: "notice", error: toCallError(error) });

  const hangUp = useCallback(() => {
    void call.current?.end();
  }, []);

  const closeSilence = () => {
    silence.current?.close();
    silence.current = null;
  };

  const clear = useCallback(() => {
    const last = call.current;
    // First: its last events are not shown any more.
    call.current = null;
    levels.current = SILENT_LEVELS;
    void last?.end();
    closeSilence();
    dispatch({ type: "reset" });
  }, []);

  const keepUnsent = (kept: Unsent) => {
    waiting.current = kept;
    setUnsent(kept);
  };

  const flush = (to: Call) => {
    if (waiting.current.stream !== to.info.stream) return;
    const { left, fault } = sendAll(waiting.current, (text) => to.send(JSON.stringify({ type: "chat", data: text })));
    keepUnsent(left);
    if (fault !== undefined) notice(fault);
  };

  const start = (descriptor: StreamDescriptor, wanted: Voice = "microphone") => {
    clear();
    setVoice(wanted);
    if (wanted === "none") silence.current = new Silence();
    const audio = silence.current?.track ?? (microphoneId === "" ? undefined : { deviceId: microphoneId });
    const next = createCall({
      stream: descriptor.name,
      descriptor,
      ...chooseTransport(location.search),
      ...(audio !== undefined && { audio }),
      ...(cameraId !== "" && { video: { deviceId: cameraId } }),
    });
    call.current = next;
    responseTime.current = new ResponseTime();
    followCall(next, () => call.current === next, {
      show: dispatch,
      onLevels: (now) => {
        levels.current = now;
        responseTime.current.push(now, performance.now());
      },
      onState: ({ name }) => {
        if (name === "connected") flush(next);
        if (name !== "ended" && name !== "failed") return;
        levels.current = SILENT_LEVELS;
        closeSilence();
      },
    });
    next.mute(microphoneMuted);
    next.muteSpeaker(speakerMuted);
    next.muteCamera(cameraMuted);
    // What it rejects with is in the state as well, and shown from there.
    next.start().catch(() => null);
  };

  const openMicrophone = () => {
    const opened = call.current;
    if (opened?.state.name !== "connected") return;
    opened.setMicrophone(deviceOf(microphoneId)).then(() => {
      if (call.current === opened) setVoice("microphone");
    }, notice);
  };

  const say = (stream: string, text: string) => {
    keepUnsent(withText(waiting.current, stream, text));
    if (call.current?.state.name === "connected") flush(call.current);
  };

  const setInputs = useCallback((values: Readonly<Record<string, unknown>>) => {
    if (call.current?.state.name === "connected") call.current.setInputs(values).catch(notice);
  }, []);

  const dismissNotice = () => dispatch({ type: "notice", error: null });

  const resumePlayback = () => {
    dismissNotice();
    void call.current?.resumePlayback();
  };

  useEffect(() => call.current?.mute(microphoneMuted), [microphoneMuted]);
  useEffect(() => call.current?.muteSpeaker(speakerMuted), [speakerMuted]);
  useEffect(() => {
    if (call.current?.state.name !== "connected" || voice === "none") return;
    call.current.setMicrophone(deviceOf(microphoneId)).catch(notice);
  }, [microphoneId]);
  useEffect(() => call.current?.muteCamera(cameraMuted), [cameraMuted]);
  useEffect(() => {
    if (call.current?.state.name === "connected") call.current.setCamera(deviceOf(cameraId)).catch(notice);
  }, [cameraId]);
  useEffect(() => clear, [clear]);

  return {
    ...{ view, levels, responseTime, current, voice, start, openMicrophone, say, unsent, hangUp, clear },
    ...{ setInputs, resumePlayback, dismissNotice },
  };
}

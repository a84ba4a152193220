/** A component's call. */
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { Call, CallOptions } from "../index.ts";
import { type CallSnapshot, CallStore, NO_CALL } from "./call-store.ts";

/** What {@link useCall} gives: the snapshot, and what can be done. The functions stay the same for a component's life. */
export interface UsedCall extends CallSnapshot {
  /** The call that runs, or ran last, for whatever is not here. */
  readonly call: Call | null;
  /** True from the start to the end, whatever its state is between. */
  readonly active: boolean;
  /**
   * Starts a call with the options of the last render; one that runs is hung up. To be called in a user gesture.
   * @returns whether it came up: what went wrong is in `error`.
   */
  start(): Promise<boolean>;
  end(): Promise<void>;
  /** Each of these can be called at any time, and counts for the next call, too. */
  mute(muted: boolean): void;
  muteSpeaker(muted: boolean): void;
  muteCamera(muted: boolean): void;
  /** Texts and inputs: those that cannot be sent are told in `error`. */
  send(text: string): void;
  setInputs(values: Readonly<Record<string, unknown>>): void;
  setMicrophone(constraints: MediaTrackConstraints): void;
  setCamera(constraints: MediaTrackConstraints): void;
  /** After `autoplay_blocked`; to be called in a user gesture. */
  resumePlayback(): void;
  dismissError(): void;
  /** For the other hooks. */
  readonly store: CallStore;
}

interface Muted {
  readonly microphone: boolean;
  readonly speaker: boolean;
  readonly camera: boolean;
}

/** One call at a time. It is hung up when the component goes away. */
export function useCall(options: CallOptions = {}): UsedCall {
  const [store] = useState(() => new CallStore());
  const snapshot = useSyncExternalStore(store.subscribe, store.getSnapshot, () => NO_CALL);
  const latest = useRef(options);
  const muted = useRef<Muted>({ microphone: false, speaker: false, camera: false });
  useEffect(() => {
    latest.current = options;
  });
  useEffect(() => () => store.close(), [store]);
  const applyMuted = useCallback(
    (change: Partial<Muted>) => {
      muted.current = { ...muted.current, ...change };
      const { microphone, speaker, camera } = muted.current;
      store.call?.mute(microphone);
      store.call?.muteSpeaker(speaker);
      store.call?.muteCamera(camera);
    },
    [store],
  );
  const actions = useMemo(() => {
    const ask = (act: (call: Call) => unknown): void => {
      const { call } = store;
      if (call !== null) Promise.resolve(call).then(act).catch(store.fail);
    };
    return {
      start: () => {
        const came = store.start(latest.current);
        applyMuted({});
        return came;
      },
      end: () => store.end(),
      mute: (microphone: boolean) => applyMuted({ microphone }),
      muteSpeaker: (speaker: boolean) => applyMuted({ speaker }),
      muteCamera: (camera: boolean) => applyMuted({ camera }),
      send: (text: string) => ask((call) => call.send(text)),
      setInputs: (values: Readonly<Record<string, unknown>>) => ask((call) => call.setInputs(values)),
      setMicrophone: (constraints: MediaTrackConstraints) => ask((call) => call.setMicrophone(constraints)),
      setCamera: (constraints: MediaTrackConstraints) => ask((call) => call.setCamera(constraints)),
      resumePlayback: () => {
        store.dismissError();
        ask((call) => call.resumePlayback());
      },
      dismissError: () => store.dismissError(),
    };
  }, [store, applyMuted]);
  const active = !["idle", "ended", "failed"].includes(snapshot.state.name);
  return { ...snapshot, ...actions, active, call: store.call, store };
}

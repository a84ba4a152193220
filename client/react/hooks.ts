/** Hooks beside useCall: what a call puts out and takes in, its devices, loudness, statistics and time. */
import { useCallback, useEffect, useRef, useState } from "react";
import { type CallStatistics, type Device, type Levels, watchDevices } from "../index.ts";
import type { CallOutput } from "./call-store.ts";
import type { UsedCall } from "./use-call.ts";

/** Inputs that change in quick succession, as a slider's do, are sent together after this. */
const INPUTS_AFTER_MS = 100;
const STATISTICS_EVERY_MS = 1_000;
const REMAINING_EVERY_MS = 250;

/**
 * What the handler has put out in this call, oldest first, and the last of it.
 * @param read makes a value of an output's arguments; null leaves it out. Default: the arguments.
 */
export function useOutputs<Value = readonly unknown[]>(
  { outputs }: Pick<UsedCall, "outputs">,
  read?: (values: readonly unknown[], output: CallOutput) => Value | null,
): { readonly outputs: readonly Value[]; readonly last: Value | null } {
  const values = outputs.flatMap((output) => {
    const value = read === undefined ? (output.values as Value) : read(output.values, output);
    return value === null ? [] : [value];
  });
  return { outputs: values, last: values.at(-1) ?? null };
}

/**
 * The inputs of a stream as a component's state. They are sent when the call is connected, and from then on as they change.
 * @param initial by name.
 */
export function useInputs<Values extends Readonly<Record<string, unknown>>>(
  { state, setInputs }: Pick<UsedCall, "state" | "setInputs">,
  initial: Values,
): readonly [values: Values, change: (values: Partial<Values>) => void] {
  const [values, setValues] = useState(initial);
  const latest = useRef(values);
  const unsent = useRef<Partial<Values>>({});
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const connected = state.name === "connected" || state.name === "interrupted";
  const change = useCallback(
    (changed: Partial<Values>) => {
      latest.current = { ...latest.current, ...changed };
      unsent.current = { ...unsent.current, ...changed };
      setValues(latest.current);
      if (!connected) return;
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        const sending = unsent.current;
        unsent.current = {};
        setInputs(sending);
      }, INPUTS_AFTER_MS);
    },
    [connected, setInputs],
  );
  useEffect(() => {
    if (!connected) return;
    unsent.current = {};
    if (Object.keys(latest.current).length > 0) setInputs(latest.current);
    return () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [connected, setInputs]);
  return [values, change];
}

/** Microphones, cameras or loudspeakers to choose from, as they come and go. Browsers name them once the page may use one. */
export function useDevices(kind: MediaDeviceKind, { state }: Partial<Pick<UsedCall, "state">> = {}): readonly Device[] {
  const [devices, setDevices] = useState<readonly Device[]>([]);
  // Asked anew once the person has answered.
  const answered = state?.name === "connecting" || state?.name === "connected";
  // biome-ignore lint/correctness/useExhaustiveDependencies: `answered` is why.
  useEffect(() => watchDevices(kind, setDevices), [kind, answered]);
  return devices;
}

/** Hands loudness on at each frame of the page, for calls that start from then on: no render is as often as that. */
export function useLevels({ store }: Pick<UsedCall, "store">, onLevels: (levels: Levels) => void): void {
  const latest = useRef(onLevels);
  useEffect(() => {
    latest.current = onLevels;
  });
  useEffect(() => store.subscribeLevels((levels) => latest.current(levels)), [store]);
}

/** How the call fares, once a second; null while there is none. */
export function useStatistics(
  { call, state, store }: Pick<UsedCall, "call" | "state" | "store">,
  everyMs = STATISTICS_EVERY_MS,
): CallStatistics | null {
  const [statistics, setStatistics] = useState<CallStatistics | null>(null);
  const connected = state.name === "connected";
  useEffect(() => {
    if (!connected || call === null) return;
    let showing = true;
    const ask = (): void => {
      call.statistics().then((asked) => showing && setStatistics(asked), store.fail);
    };
    ask();
    const timer = setInterval(ask, everyMs);
    return () => {
      showing = false;
      clearInterval(timer);
      setStatistics(null);
    };
  }, [call, connected, everyMs, store]);
  return statistics;
}

/** Milliseconds until the stream's time limit; null where there is none. */
export function useRemainingMs({ call, active }: Pick<UsedCall, "call" | "active">): number | null {
  const [remainingMs, setRemainingMs] = useState<number | null>(null);
  useEffect(() => {
    if (!active || call === null) return;
    const timer = setInterval(() => setRemainingMs(call.remainingMs()), REMAINING_EVERY_MS);
    return () => {
      clearInterval(timer);
      setRemainingMs(null);
    };
  }, [call, active]);
  return remainingMs;
}

/** The values of the stream's inputs, kept from call to call; a running call is sent those that changed. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { defaultInputs, type InputDeclarations } from "../../shared/inputs.ts";

/** A slider that is dragged sends no more often than this. */
const SEND_INTERVAL_MS = 100;
/** What is typed is sent when nothing was typed for this long. */
const SETTLED_MS = 600;

/** When a change is sent: while it goes on, or once it has settled, as half a word is none. */
export type Pace = "going" | "settled";

type Values = Readonly<Record<string, unknown>>;

/**
 * @param stream whose inputs they are.
 * @param send to the running call; all that was changed is sent again when one gets connected.
 */
export function useInputs(
  stream: string | null,
  declared: InputDeclarations,
  connected: boolean,
  send: (values: Values) => void,
): { readonly values: Values; readonly set: (name: string, value: unknown, pace: Pace) => void } {
  // By what it says: the descriptor is asked for again after a call that failed, and what was filled in is for the next one.
  const of = useMemo(() => `${stream} ${JSON.stringify(declared)}`, [stream, declared]);
  const [changed, setChanged] = useState<{ readonly of: string; readonly values: Values }>({ of, values: {} });
  const pending = useRef<Record<string, unknown>>({});
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const values = changed.of === of ? changed.values : {};

  const flush = (): void => {
    timer.current = undefined;
    const due = pending.current;
    pending.current = {};
    if (Object.keys(due).length > 0) send(due);
  };
  const set = (name: string, value: unknown, pace: Pace): void => {
    setChanged({ of, values: { ...values, [name]: value } });
    pending.current[name] = value;
    if (pace === "settled") clearTimeout(timer.current);
    else if (timer.current !== undefined) return;
    timer.current = setTimeout(flush, pace === "settled" ? SETTLED_MS : SEND_INTERVAL_MS);
  };
  useEffect(() => {
    if (connected && Object.keys(values).length > 0) send(values);
  }, [connected]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return { values: { ...defaultInputs(declared), ...values }, set };
}

/** Runs what the snippet says, with the client that it uses, and writes down what comes of it. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { toCallError } from "../../../client/errors.ts";
import { type Call, type CallOptions, type CallStateName, createCall } from "../../../client/index.ts";
import { type LogLine, withLine } from "../state/run-log.ts";

export interface RunView {
  readonly state: CallStateName;
  readonly lines: readonly LogLine[];
  readonly localVideo: MediaStream | null;
  readonly remoteVideo: MediaStream | null;
}

const IDLE: RunView = { state: "idle", lines: [], localVideo: null, remoteVideo: null };

export interface Run {
  readonly view: RunView;
  readonly start: (options: CallOptions) => void;
  readonly end: () => void;
  /** Values that the stream declares, as JSON. */
  readonly sendInputs: (json: string) => void;
}

export function useRun(): Run {
  const [view, setView] = useState(IDLE);
  const current = useRef<Call | null>(null);

  const write = useCallback((kind: LogLine["kind"], text: string): void => {
    setView((before) => ({ ...before, lines: withLine(before.lines, kind, text) }));
  }, []);
  const end = useCallback(() => void current.current?.end(), []);
  useEffect(() => end, [end]);

  const start = useCallback(
    (options: CallOptions): void => {
      end();
      const call = createCall(options);
      current.current = call;
      setView({ ...IDLE, state: "starting" });
      call.on("state", ({ name }) => {
        write("state", name);
        setView((before) => ({ ...before, state: name }));
      });
      call.on("message", ({ text }) => write("message", text));
      call.on("error", ({ code, message, fix }) => write("error", `${code}: ${message} ${fix}`));
      call.on("localVideo", (localVideo) => setView((before) => ({ ...before, localVideo })));
      call.on("remoteVideo", (remoteVideo) => setView((before) => ({ ...before, remoteVideo })));
      // A refusal is among the lines already: it was an `error`, too.
      call.start().catch(() => undefined);
    },
    [end, write],
  );

  const sendInputs = useCallback(
    (json: string): void => {
      const send = async (): Promise<void> => {
        await current.current?.setInputs(JSON.parse(json));
        write("state", `inputs sent: ${json}`);
      };
      send().catch((error: unknown) => write("error", toCallError(error).message));
    },
    [write],
  );

  return { view, start, end, sendInputs };
}

/** Runs a call in the page: its button, its pictures, its inputs and everything that the stream says. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { CallOptions } from "../../../client/index.ts";
import { useRun } from "../hooks/use-run.ts";
import type { LogLine } from "../state/run-log.ts";

interface RunnerProps {
  readonly options: CallOptions;
  readonly inputs: Readonly<Record<string, unknown>>;
}

export function Runner({ options, inputs }: RunnerProps) {
  const { view, start, end, sendInputs } = useRun();
  const { state, lines, localVideo, remoteVideo } = view;
  const running = !["idle", "ended", "failed"].includes(state);
  return (
    <section class="runner" data-testid="runner" data-state={state} aria-label="Run it">
      <header>
        <h2>Run it</h2>
        <p class="soft">Here, with the same client: {state}</p>
        {running ? (
          <button type="button" class="quiet-button" data-testid="run" onClick={end}>
            End
          </button>
        ) : (
          <button type="button" class="small-button" data-testid="run" onClick={() => start(options)}>
            Run
          </button>
        )}
      </header>
      {(localVideo !== null || remoteVideo !== null) && (
        <div class="pictures">
          <Picture label="You" stream={localVideo} />
          <Picture label="The stream" stream={remoteVideo} />
        </div>
      )}
      {Object.keys(inputs).length > 0 && (
        <InputsField inputs={inputs} disabled={state !== "connected"} onSend={sendInputs} />
      )}
      <Log lines={lines} />
    </section>
  );
}

function Log({ lines }: { readonly lines: readonly LogLine[] }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // The newest line is to be seen; the page itself stays where it is.
    if (lines.length > 0) box.current?.scrollTo(0, box.current.scrollHeight);
  }, [lines]);
  if (lines.length === 0) return <p class="soft">What the stream says appears here.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard has to reach it
    <div class="log" ref={box} role="log" aria-label="What happened" tabIndex={0} data-testid="log">
      <ol>
        {lines.map(({ id, kind, text }) => (
          <li key={id} data-kind={kind}>
            {text}
          </li>
        ))}
      </ol>
    </div>
  );
}

interface InputsFieldProps {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly disabled: boolean;
  readonly onSend: (json: string) => void;
}

function InputsField({ inputs, disabled, onSend }: InputsFieldProps) {
  const [json, setJson] = useState(() => JSON.stringify(inputs));
  return (
    <form
      class="inputs-field"
      onSubmit={(event) => {
        event.preventDefault();
        onSend(json);
      }}
    >
      <label>
        Inputs
        <input type="text" value={json} spellcheck={false} onInput={(event) => setJson(event.currentTarget.value)} />
      </label>
      <button type="submit" class="quiet-button" disabled={disabled}>
        Send
      </button>
    </form>
  );
}

function Picture({ label, stream }: { readonly label: string; readonly stream: MediaStream | null }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current !== null) video.current.srcObject = stream;
  }, [stream]);
  if (stream === null) return null;
  return <video ref={video} aria-label={label} autoplay muted playsInline />;
}

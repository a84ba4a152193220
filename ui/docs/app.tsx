/** The API documentation: pick a connection and a stream, get the code for this deployment, run it. */
import { useState } from "preact/hooks";
import type { CallError, CallOptions } from "../../client/index.ts";
import { Mark } from "../parts/icons.tsx";
import { useAsked } from "./hooks/use-asked.ts";
import { CodeBlock } from "./parts/code-block.tsx";
import { Routes } from "./parts/routes.tsx";
import { Runner } from "./parts/runner.tsx";
import { Segments } from "./parts/segments.tsx";
import { edgeOf, fetchFacts, fetchRoutes, fetchStreams } from "./state/edge.ts";
import { RUNNABLE, snippetsFor } from "./state/snippets.ts";
import {
  CONNECTIONS,
  type Connection,
  canCarry,
  MODALITIES,
  MODES,
  PLACEHOLDER,
  type StreamShape,
  streamOfShape,
  type Target,
} from "./state/target.ts";

const CONNECTION_NAMES = { webrtc: "WebRTC", websocket: "WebSocket", telephone: "Telephone" };
const MODALITY_NAMES = { audio: "audio", video: "video", "audio-video": "both" };
const MODE_NAMES = { "send-receive": "send and receive", send: "send", receive: "receive" };

const FIRST_SHAPE: Omit<StreamShape, "name"> = { modality: "audio", mode: "send-receive" };

export function DocsApp() {
  const edge = edgeOf(location.href);
  const [attempt, setAttempt] = useState(0);
  const streams = useAsked((signal) => fetchStreams(edge, signal), [edge, attempt]);
  const routes = useAsked((signal) => fetchRoutes(edge, signal), [edge, attempt]);
  const [connection, setConnection] = useState<Connection>("webrtc");
  const [shape, setShape] = useState<Omit<StreamShape, "name"> | null>(null);
  const [named, setNamed] = useState("default");
  const [language, setLanguage] = useState(RUNNABLE);

  const all = streams.value ?? [];
  // Until somebody picks a shape, it is that of the stream at the root, else of a conversation, else of the first.
  const first = all.find(({ name }) => name === named) ?? streamOfShape(all, FIRST_SHAPE, named) ?? all[0];
  const { modality, mode } = shape ?? first ?? FIRST_SHAPE;
  const stream = streamOfShape(all, { modality, mode }, named)?.name ?? null;
  const facts = useAsked(
    async (signal) => (stream === null ? null : await fetchFacts(edge, stream, signal)),
    [edge, stream, attempt],
  );

  const inputs = facts.value?.inputs ?? {};
  const turn = facts.value?.descriptor.turn ?? false;
  const target: Target = { edge, stream: stream ?? PLACEHOLDER, connection, modality, mode, inputs, turn };
  const snippets = snippetsFor(target);
  const chosen = snippets.find(({ label }) => label === language) ?? snippets[0];
  const pick = (next: Omit<StreamShape, "name">) => {
    setShape(next);
    if (!canCarry(connection, next.modality)) setConnection("webrtc");
  };
  const options: CallOptions = {
    url: edge,
    stream: target.stream,
    ...(connection === "websocket" ? { transport: "websocket" } : {}),
    ...(facts.value === null ? {} : { descriptor: facts.value.descriptor }),
  };

  return (
    <main class="docs">
      <header class="head">
        <a class="brand" href={`${edge}/`}>
          <Mark />
          EdgeRTC
        </a>
        <span class="soft">API of {edge.replace(/^https?:\/\//, "")}</span>
      </header>
      <h1>Call a stream from your own code</h1>
      <Complaint
        error={streams.error ?? facts.error ?? routes.error}
        onRetry={() => setAttempt((before) => before + 1)}
      />
      <div class="choices">
        <Segments
          legend="Connection"
          name="connection"
          options={CONNECTIONS}
          labels={CONNECTION_NAMES}
          value={connection}
          disabled={(option) => !canCarry(option, modality)}
          onChange={setConnection}
        />
        <Segments
          legend="Modality"
          name="modality"
          options={MODALITIES}
          labels={MODALITY_NAMES}
          value={modality}
          onChange={(next) => pick({ modality: next, mode })}
        />
        <Segments
          legend="Mode, seen from the client"
          name="mode"
          options={MODES}
          labels={MODE_NAMES}
          value={mode}
          onChange={(next) => pick({ modality, mode: next })}
        />
        <label class="stream-choice">
          Stream
          <select
            data-testid="choose-stream"
            value={stream ?? ""}
            onChange={({ currentTarget: { value } }) => {
              const next = all.find(({ name }) => name === value);
              if (next === undefined) return;
              setNamed(value);
              pick(next);
            }}
          >
            {stream === null && <option value="">None here is like this</option>}
            {all.map(({ name, title }) => (
              <option key={name} value={name}>
                {title == null ? name : `${title} (${name})`}
              </option>
            ))}
          </select>
        </label>
      </div>
      {stream === null && streams.value !== null && (
        <p class="note" data-testid="no-stream">
          No stream of this deployment has this modality and mode: the code is for one called {PLACEHOLDER}.
        </p>
      )}
      {chosen !== undefined && <CodeBlock snippets={snippets} chosen={chosen} onChoose={setLanguage} />}
      {stream !== null && connection !== "telephone" && facts.value !== null && (
        <Runner key={`${connection} ${stream}`} options={options} inputs={inputs} />
      )}
      {routes.value !== null && <Routes groups={routes.value} edge={edge} />}
    </main>
  );
}

function Complaint({ error, onRetry }: { readonly error: CallError | null; readonly onRetry: () => void }) {
  if (error === null) return null;
  return (
    <p class="complaint" role="alert">
      {error.message} {error.fix}{" "}
      <button type="button" class="quiet-button" data-testid="retry" onClick={onRetry}>
        Try again
      </button>
    </p>
  );
}

/** The streams: how many calls each has, may have, and who waits. */
import type { Overview, StreamOverview } from "../../../shared/admin.ts";
import type { AdminApi } from "../state/api.ts";
import { counted } from "../state/format.ts";
import type { History } from "../state/history.ts";
import { LimitField } from "./limit-field.tsx";
import { Meter } from "./meter.tsx";
import { Trend } from "./trend.tsx";

interface StreamsProps {
  readonly overview: Overview;
  readonly history: History;
  readonly api: AdminApi;
  readonly onChanged: () => void;
  readonly onShowSessions: (stream: string) => void;
}

export function Streams({
  overview: { streams, streamsLeftOut },
  history,
  api,
  onChanged,
  onShowSessions,
}: StreamsProps) {
  return (
    <section aria-labelledby="streams">
      <h2 id="streams">Streams</h2>
      <ul class="rows">
        {streams.map((stream) => (
          <li key={stream.name} class="row stream" data-testid={`stream-${stream.name}`}>
            <div class="name">
              <strong>{stream.title ?? stream.name}</strong>
              <span class="soft">
                <code>{stream.path === "" ? "/" : stream.path}</code> {stream.modality}
                {stream.mode !== "send-receive" && `, ${stream.mode} only`}
              </span>
            </div>
            <Trend samples={history.streams.get(stream.name) ?? []} top={stream.limit} />
            <Use stream={stream} />
            <LimitField stream={stream} api={api} onChanged={onChanged} />
            <button
              type="button"
              class="quiet-button"
              data-testid={`sessions-${stream.name}`}
              aria-label={`Sessions of ${stream.name}`}
              onClick={() => onShowSessions(stream.name)}
            >
              Sessions
            </button>
          </li>
        ))}
      </ul>
      {streamsLeftOut > 0 && <p class="soft">{counted(streamsLeftOut, "more stream")} not shown.</p>}
    </section>
  );
}

function Use({ stream: { active, limit, waiting, nodesReady } }: { readonly stream: StreamOverview }) {
  const share = limit === 0 ? 1 : active / limit;
  return (
    <div class="use">
      <p>
        <strong data-testid="active">{active}</strong> of {limit}
        {waiting > 0 && <span class="waiting">{waiting} waiting</span>}
      </p>
      <Meter label={`${active} of ${limit} in use`} share={share} />
      <p class="soft">{nodesReady === 0 ? "no node ready" : `${counted(nodesReady, "node")} ready`}</p>
    </div>
  );
}

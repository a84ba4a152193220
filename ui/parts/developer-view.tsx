/** What goes on in a call, for developers: turn states as they change, how long each part of an exchange took. */
import { useCallback } from "preact/hooks";
import type { Call, CallStatistics, TurnState } from "../../client/index.ts";
import { usePolled } from "../hooks/use-polled.ts";
import type { ResponseTime } from "../state/response-time.ts";
import { type Exchange, exchangesOf, medianOf, type TurnLog } from "../state/turn-log.ts";

const REFRESH_MS = 500;
const STATISTICS_MS = 1_000;
/** Exchanges shown: the latest. */
const SHOWN = 6;
const STATES_SHOWN = 12;

interface DeveloperViewProps {
  readonly log: TurnLog;
  readonly turn: TurnState | null;
  readonly responseTime: { readonly current: ResponseTime };
  readonly current: () => Call | null;
}

export default function DeveloperView({ log, turn, responseTime, current }: DeveloperViewProps) {
  const read = useCallback(() => responseTime.current.latestMs, [responseTime]);
  const heardMs = usePolled(read, REFRESH_MS);
  const ask = useCallback(async () => (await current()?.statistics()) ?? null, [current]);
  const statistics = usePolled(ask, STATISTICS_MS);
  const exchanges = exchangesOf(log);
  const firstMs = log[0]?.atMs ?? 0;
  return (
    <section class="developer" aria-label="Developers' view" data-testid="developer-view">
      <dl>
        <Figure name="Turn" value={turn?.replaceAll("_", " ") ?? "–"} testId="turn" />
        <Figure name="Answer, at the node (median)" value={ms(medianOf(exchanges.map(({ thoughtMs }) => thoughtMs)))} />
        <Figure name="Answer, as heard here (last)" value={ms(heardMs)} testId="response-time" />
        <Figure name="Network" value={wordsOf(statistics)} testId="network" />
      </dl>
      <table>
        <caption>Latest exchanges</caption>
        <thead>
          <tr>
            <th scope="col">Spoke</th>
            <th scope="col">Thought</th>
            <th scope="col">Answered</th>
          </tr>
        </thead>
        <tbody>
          {exchanges.slice(-SHOWN).map((exchange) => (
            <Row key={exchange.id} exchange={exchange} />
          ))}
        </tbody>
      </table>
      <ol class="states" aria-label="Turn states">
        {log.slice(-STATES_SHOWN).map(({ id, state, atMs }) => (
          <li key={id} data-state={state}>
            <span class="at">{((atMs - firstMs) / 1_000).toFixed(2)} s</span> {state.replaceAll("_", " ")}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Row({ exchange: { spokeMs, thoughtMs, answeredMs, interrupted } }: { readonly exchange: Exchange }) {
  return (
    <tr data-testid="exchange">
      <td>{ms(spokeMs)}</td>
      <td>{ms(thoughtMs)}</td>
      <td>
        {ms(answeredMs)}
        {interrupted && " (interrupted)"}
      </td>
    </tr>
  );
}

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly testId?: string;
}

function Figure({ name, value, testId }: FigureProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-testid={testId}>{value}</dd>
    </div>
  );
}

/** Round trip, how unevenly it arrives, what is lost each way. */
function wordsOf(statistics: CallStatistics | null): string {
  if (statistics === null) return "–";
  const { roundTripMs, jitterMs, lossIn, lossOut, codec } = statistics;
  const loss = (share: number | null) => (share === null ? "–" : `${(100 * share).toFixed(1)} %`);
  return `${codec ?? "–"} · ${ms(roundTripMs)} ± ${ms(jitterMs)} · lost ${loss(lossIn)} in, ${loss(lossOut)} out`;
}

function ms(value: number | null): string {
  return value === null ? "–" : `${Math.round(value)} ms`;
}

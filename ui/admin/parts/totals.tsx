/** The numbers one looks at first. */
import type { Overview } from "../../../shared/admin.ts";
import type { History } from "../state/history.ts";
import { Trend } from "./trend.tsx";

interface TotalsProps {
  readonly overview: Overview;
  readonly history: History;
}

export function Totals({ overview: { nodes, streams }, history }: TotalsProps) {
  const active = streams.reduce((sum, stream) => sum + stream.active, 0);
  const waiting = streams.reduce((sum, stream) => sum + stream.waiting, 0);
  const up = nodes.filter(({ state }) => state === "up");
  const there = nodes.filter(({ state }) => state !== "lost");
  const capacity = up.reduce((sum, node) => sum + node.capacity, 0);
  return (
    <section class="totals" aria-label="At a glance">
      <div class="total main">
        <p class="number" data-testid="total-active">
          {active}
        </p>
        <p class="what">{active === 1 ? "call right now" : "calls right now"}</p>
        <Trend samples={history.total} top={1} />
      </div>
      <Total value={waiting} what="waiting" />
      <Total value={`${up.length}/${there.length}`} what={there.length === 1 ? "node up" : "nodes up"} />
      <Total value={capacity} what="capacity" />
    </section>
  );
}

function Total({ value, what }: { readonly value: number | string; readonly what: string }) {
  return (
    <div class="total">
      <p class="number">{value}</p>
      <p class="what">{what}</p>
    </div>
  );
}

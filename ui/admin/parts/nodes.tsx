/** The media nodes: how each is, what it carries, and the way to take one out. */
import type { NodeHealth, NodeOverview, Overview } from "../../../shared/admin.ts";
import { useAction } from "../hooks/use-action.ts";
import type { AdminApi } from "../state/api.ts";
import { percent, roughly } from "../state/format.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { Meter } from "./meter.tsx";

interface NodesProps {
  readonly overview: Overview;
  readonly api: AdminApi;
  readonly onChanged: () => void;
}

const ORDER: readonly NodeHealth[] = ["suspect", "draining", "starting", "up", "lost"];
const WORDS: Readonly<Record<NodeHealth, string>> = {
  up: "Up",
  starting: "Starting",
  draining: "Draining",
  suspect: "Silent",
  lost: "Gone",
};

export function Nodes({ overview: { nodes, nowMs }, api, onChanged }: NodesProps) {
  const sorted = nodes.toSorted(
    (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.nodeId.localeCompare(b.nodeId),
  );
  return (
    <section aria-labelledby="nodes">
      <h2 id="nodes">Media nodes</h2>
      <ul class="rows">
        {sorted.map((node) => (
          <NodeRow key={node.nodeId} node={node} nowMs={nowMs} api={api} onChanged={onChanged} />
        ))}
      </ul>
    </section>
  );
}

interface NodeRowProps extends Omit<NodesProps, "overview"> {
  readonly node: NodeOverview;
  readonly nowMs: number;
}

function NodeRow({ node, nowMs, api, onChanged }: NodeRowProps) {
  const { nodeId, state, sinceMs, epoch, version, region, sessions, capacity, cpu, streams } = node;
  const { busy, error, run } = useAction();
  const there = state !== "lost";
  return (
    <li class="row node" data-testid={`node-${nodeId}`} data-state={state}>
      <div class="name">
        <strong>{nodeId}</strong>
        <span class="soft">
          {[region, version, epoch === null ? null : `run ${epoch}`].filter((word) => word !== null).join(" · ")}
        </span>
      </div>
      <p class="state" data-testid="state">
        <span class="dot" />
        {WORDS[state]}
        {sinceMs !== null && <span class="soft">{roughly(nowMs - sinceMs)}</span>}
      </p>
      {there ? (
        <div class="loads">
          <Load name="Calls" value={`${sessions} of ${capacity}`} share={capacity === 0 ? 0 : sessions / capacity} />
          <Load name="CPU" value={percent(cpu)} share={cpu} />
        </div>
      ) : (
        <div class="loads" />
      )}
      <p class="serves soft" title={streams.join(", ")}>
        {streams.join(", ")}
      </p>
      {there && state !== "draining" ? (
        <ConfirmButton
          ask="Really drain?"
          about={nodeId}
          busy={busy}
          testId="drain"
          onConfirm={() => run(() => api.drain(nodeId), onChanged)}
        >
          Drain
        </ConfirmButton>
      ) : (
        <span />
      )}
      {error !== null && (
        <p class="failed" role="alert">
          {error.message} {error.fix}
        </p>
      )}
    </li>
  );
}

function Load({ name, value, share }: { readonly name: string; readonly value: string; readonly share: number }) {
  return (
    <div>
      <p>
        <span class="soft">{name}</span> {value}
      </p>
      <Meter label={`${name}: ${value}`} share={share} />
    </div>
  );
}

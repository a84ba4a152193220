/** How the call is doing, for those who ask. */
import { useCallback, useState } from "preact/hooks";
import type { Call, CallInfo, TransportPath } from "../../client/index.ts";
import { usePolled } from "../hooks/use-polled.ts";

const REFRESH_MS = 2_000;
const SHORT_ID_CHARS = 10;

interface DetailsProps {
  readonly info: CallInfo | null;
  readonly state: string;
  readonly current: () => Call | null;
  /** Whether the developers' view is shown. */
  readonly debug: boolean;
  readonly onDebug: (debug: boolean) => void;
}

export function Details({ info, state, current, debug, onDebug }: DetailsProps) {
  const [open, setOpen] = useState(false);
  const read = useCallback(async () => (await current()?.path()) ?? null, [current]);
  const connected = state === "connected";
  const path = usePolled(open && connected ? read : null, REFRESH_MS);
  return (
    <details class="details" data-testid="details" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Details{connected && info?.transport === "websocket" && " · over a WebSocket"}</summary>
      <dl>
        <Row name="State" value={state.replaceAll("_", " ")} />
        <Row name="Connected in" value={info?.connectMs ? `${Math.round(info.connectMs)} ms` : null} />
        <Row name="Transport" value={path && transportOf(path)} testId="transport" />
        <Row name="Round trip" value={path?.roundTripMs == null ? null : `${path.roundTripMs.toFixed(1)} ms`} />
        <Row name="Session" value={info?.sid?.slice(0, SHORT_ID_CHARS) ?? null} />
      </dl>
      <label class="switch">
        <input
          type="checkbox"
          data-testid="debug"
          checked={debug}
          onChange={({ currentTarget }) => onDebug(currentTarget.checked)}
        />
        Turn states and latencies
      </label>
      <a href="/docs/">Call it from your own code</a>
    </details>
  );
}

interface RowProps {
  readonly name: string;
  readonly value: string | null;
  readonly testId?: string;
}

function Row({ name, value, testId }: RowProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-testid={testId}>{value ?? "–"}</dd>
    </div>
  );
}

function transportOf({ transport, protocol, relayed }: TransportPath): string {
  if (transport === "websocket") return "WebSocket";
  return `WebRTC over ${protocol.toUpperCase()}${relayed ? ", relayed" : ""}`;
}

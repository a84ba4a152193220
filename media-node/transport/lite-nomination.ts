/**
 * Which path an ICE-lite node sends on. A browser that knows its peer is lite nominates a pair only with its second check,
 * 50 ms after the first, and starts DTLS before that: so the first check that arrives opens the path, and from then on
 * the node follows what the browser nominates. werift would wait for the nomination, and never change afterwards.
 */
import type { Address, CandidatePair, Message, Protocol } from "werift";

interface Connection {
  nominated?: CandidatePair | undefined;
  readonly candidatePairs: readonly CandidatePair[];
}

const NOMINATION = "USE-CANDIDATE";

/** To be called for every check before werift handles it. */
export function followNomination(connection: Connection, check: Message, from: Address, protocol: Protocol): void {
  if (!check.attributesKeys.includes(NOMINATION)) {
    // Handled as if it nominated: the first path there is.
    if (connection.nominated === undefined) check.setAttribute(NOMINATION, null);
    return;
  }
  const chosen = connection.candidatePairs.find(
    ({ protocol: own, remoteAddr: [host, port] }) => own === protocol && host === from[0] && port === from[1],
  );
  if (chosen !== undefined && connection.nominated !== undefined) connection.nominated = chosen;
}

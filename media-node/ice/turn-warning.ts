/** What an operator is told at start about an edge that some callers will not get through to. */
import type { StreamDescriptor } from "../../shared/descriptor.ts";
import { hasTurnServer } from "../../shared/turn.ts";

const WARNING =
  "This edge is public and gives clients no TURN server: those whose network lets no UDP through cannot call. " +
  "Set EDGERTC_TURN on the edge; docs/turn.md says how.";

export interface TurnSituation {
  /** Whether others than this machine and its network can come by. */
  readonly isPublic: boolean;
  /** What the edge said; null: it could not be asked. */
  readonly clientsHaveTurn: boolean | null;
  readonly streams: readonly Pick<StreamDescriptor, "rtcConfiguration">[];
}

/** @returns null where there is nothing to warn of, or nothing is known. */
export function turnWarning({ isPublic, clientsHaveTurn, streams }: TurnSituation): string | null {
  if (!isPublic || clientsHaveTurn !== false) return null;
  const all = streams.every(({ rtcConfiguration }) => hasTurnServer(rtcConfiguration?.iceServers ?? []));
  return all ? null : WARNING;
}

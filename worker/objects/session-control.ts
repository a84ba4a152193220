/** What may be asked of a session, as the command its node is given, and what the node's reply means. */
import type { IceCandidate } from "../../shared/candidate.ts";
import { isErrorCode } from "../../shared/errors.ts";
import type { Command, SessionCommand } from "../../shared/link.ts";
import type { CommandResult, ControlResult, SessionAction, SessionName } from "../rpc.ts";

export function controlCommand(session: SessionName, requestId: string, action: SessionAction): SessionCommand {
  const ref = { ...session, id: `${session.sid}:${requestId}` };
  switch (action.kind) {
    case "inputs":
      return { ...ref, command: "inputs", values: { ...action.values } };
    case "trigger_response":
      return { ...ref, command: "trigger_response" };
    case "update_connection":
      return { ...ref, command: "update_connection", connection: action.connection };
    case "restart":
      return { ...ref, command: "restart", sdp: action.sdp };
    case "close":
      return { ...ref, command: "end", reason: "ended_by_edge" };
  }
}

export function candidateCommand({ sid, stream, clientId }: SessionName, candidate: IceCandidate): Command {
  return { id: `${sid}:${crypto.randomUUID()}`, command: "candidate", sid, stream, clientId, candidate };
}

export function controlResult(reply: CommandResult): ControlResult {
  if (reply.ok) return { ok: true, ...(reply.sdp === undefined ? {} : { sdp: reply.sdp }) };
  const { error, message } = reply;
  if (isOver(reply)) return { ok: false, error: "unknown_connection" };
  const code = isErrorCode(error) ? error : "internal";
  return { ok: false, error: code, ...(message === undefined ? {} : { message }) };
}

/** True if the node said that it does not have the session, or no longer. */
export function isOver(reply: CommandResult): boolean {
  return !reply.ok && (reply.error === "connection_closed" || reply.error === "unknown_connection");
}

/** Servers that the node has of its own, and what to tell whoever gave them a port that they cannot have. */
import { once } from "node:events";
import type { Server } from "node:http";
import { EdgeRtcError } from "../../shared/errors.ts";

export interface Address {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The command line's name for the port. */
  readonly flag: string;
}

/** @returns the port. @throws EdgeRtcError `port_unavailable` where it is taken or not ours to take. */
export async function listenOn(server: Server, { host, port, flag }: Address): Promise<number> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (cause) {
    throw new EdgeRtcError(
      "port_unavailable",
      `${flag} ${port} cannot be listened on at ${host}: ${reasonOf(cause)}.`,
      {
        cause,
      },
    );
  }
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "EADDRINUSE") return "another program has it; end that one, or give another port";
  if (code === "EACCES") return "the system keeps it from this user; give a port above 1023";
  if (code === "EADDRNOTAVAIL") return "this machine has no such address";
  return cause instanceof Error ? cause.message : String(cause);
}

/** Time since the machine started, the same in all its processes; unlike their clocks it goes on while they are suspended. */
import { uptime } from "node:os";

/** Milliseconds, in steps of ten. Only differences mean anything. */
export function machineTimeMs(): number {
  return uptime() * 1_000;
}

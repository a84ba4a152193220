/** Every HTTP route of the edge, as data. */
import { CALL_OPERATIONS } from "./call-operations.ts";
import { GATEWAY_OPERATIONS } from "./gateway-operations.ts";
import type { Operation } from "./operation.ts";
import { NODE_OPERATIONS, OPERATOR_OPERATIONS, TELEPHONE_OPERATIONS } from "./other-operations.ts";

export const OPERATIONS: readonly Operation[] = [
  ...CALL_OPERATIONS,
  ...TELEPHONE_OPERATIONS,
  ...GATEWAY_OPERATIONS,
  ...OPERATOR_OPERATIONS,
  ...NODE_OPERATIONS,
];

/** Where an operation is found: at the root, and under each stream's path. */
export function pathsOf({ path, perStream }: Operation): string[] {
  return perStream === true ? [path, `/{stream}${path}`] : [path];
}

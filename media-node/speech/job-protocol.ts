/** What a {@link JobPool} and its worker send each other. */
import * as v from "valibot";

const id = v.number();

const ToWorker = v.variant("kind", [
  v.object({ kind: v.literal("job"), id, payload: v.unknown() }),
  v.object({ kind: v.literal("cancel"), id }),
]);
export type ToWorker = v.InferOutput<typeof ToWorker>;

const FromWorker = v.variant("kind", [
  v.object({ kind: v.literal("done"), id, result: v.unknown() }),
  v.object({ kind: v.literal("failed"), id, error: v.string() }),
]);
export type FromWorker = v.InferOutput<typeof FromWorker>;

export const parseToWorker = (message: unknown): ToWorker => v.parse(ToWorker, message);
export const parseFromWorker = (message: unknown): FromWorker => v.parse(FromWorker, message);

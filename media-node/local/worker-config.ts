/** What a local run needs of wrangler.toml, read with wrangler's own parser. */
import path from "node:path";
import * as v from "valibot";
import { unstable_readConfig as readConfig } from "wrangler";

const RateLimitConfig = v.object({
  name: v.string(),
  namespace_id: v.string(),
  simple: v.object({ limit: v.number(), period: v.picklist([10, 60]) }),
});
export type RateLimitConfig = v.InferOutput<typeof RateLimitConfig>;

const WorkerConfig = v.object({
  /** The Worker's entry, as an absolute path. */
  main: v.string(),
  compatibility_date: v.string(),
  durable_objects: v.object({ bindings: v.array(v.object({ name: v.string(), class_name: v.string() })) }),
  ratelimits: v.optional(v.array(RateLimitConfig)),
  assets: v.optional(
    v.object({
      directory: v.optional(v.string()),
      run_worker_first: v.optional(v.union([v.boolean(), v.array(v.string())])),
    }),
  ),
});
export type WorkerConfig = v.InferOutput<typeof WorkerConfig>;

/** @param root the folder of wrangler.toml. @throws if it lacks what a local run needs. */
export function readWorkerConfig(root: string): WorkerConfig {
  const config: unknown = readConfig({ config: path.join(root, "wrangler.toml") });
  return v.parse(WorkerConfig, config);
}

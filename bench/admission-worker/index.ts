/**
 * The edge as it is shipped, and beside it the floor that `bench/admission` compares it with: an object whose only method
 * does one durable update of one row. Objects are called in batches from in here, so that only the whole offer's figure
 * has HTTP in it.
 */
import { DurableObject } from "cloudflare:workers";
import { newSessionId } from "../../shared/ids.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { createApp, type Env } from "../../worker/index.ts";
import type { LeaseRef } from "../../worker/ledger/types.ts";
import type { StreamApi } from "../../worker/rpc.ts";
import { EndReports } from "./end-reports.ts";

export { Directory, MediaNode, Session, Stream } from "../../worker/index.ts";

export class Floor extends DurableObject<BenchEnv> {
  constructor(ctx: DurableObjectState, env: BenchEnv) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS floor (id INTEGER PRIMARY KEY, updates INTEGER NOT NULL)");
    ctx.storage.sql.exec("INSERT OR IGNORE INTO floor (id, updates) VALUES (1, 0)");
  }

  async update(): Promise<void> {
    this.ctx.storage.sql.exec("UPDATE floor SET updates = updates + 1 WHERE id = 1");
  }
}

interface BenchEnv extends Env {
  readonly FLOOR: DurableObjectNamespace<Floor>;
}

/** The stream that the batches admit to. */
const STREAM = "pairs";

/** Does one thing. `id` is nobody else's at the moment. */
type Operation = (id: string) => Promise<void>;

function operationOf(path: string, env: BenchEnv): Operation | null {
  const stream = env.STREAM.getByName(`default/${STREAM}`);
  switch (path) {
    case "/bench/floor": {
      const floor = env.FLOOR.getByName("floor");
      return async () => await floor.update();
    }
    case "/bench/pairs":
      return async (clientId) => {
        const lease = await admit(stream, clientId);
        await stream.release({ ...lease, v: PROTOCOL_VERSION, reason: "client_closed" });
      };
    case "/bench/reported": {
      const reports = new EndReports(stream, STREAM);
      return async (clientId) => await reports.end(await admit(stream, clientId));
    }
    default:
      return null;
  }
}

async function admit(stream: StreamApi, clientId: string): Promise<LeaseRef> {
  const ref = { sid: newSessionId(), clientId };
  const admission = await stream.admit({ v: PROTOCOL_VERSION, ...ref });
  if (!admission.ok) throw new Error(`refused: ${admission.code}`);
  return { ...ref, nodeId: admission.nodeId, epoch: admission.epoch };
}

/** Repeats an operation, `concurrency` of them at a time. @returns how long each took, in milliseconds. */
async function batch(operation: Operation, count: number, concurrency: number): Promise<number[]> {
  const tookMs: number[] = [];
  let left = count;
  const run = async (): Promise<void> => {
    const id = crypto.randomUUID();
    while (left > 0) {
      left -= 1;
      const startMs = Date.now();
      await operation(id);
      tookMs.push(Date.now() - startMs);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, run));
  return tookMs;
}

const edge = createApp();

export default {
  async fetch(request: Request, env: BenchEnv, ctx: ExecutionContext): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const operation = operationOf(pathname, env);
    if (operation === null) return await edge.fetch(request, env, ctx);
    const [count, concurrency] = [Number(searchParams.get("count")), Number(searchParams.get("concurrency"))];
    return Response.json(await batch(operation, count, concurrency));
  },
};

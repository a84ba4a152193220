/**
 * The Worker with one route more, for tests only: `POST /testing/reset` resets objects with their sockets closed, as a
 * deploy does. Never part of what is shipped: worker/index.ts does not know it.
 */
import { createApp } from "../app.ts";
import type { Env } from "../env.ts";
import { Directory, MediaNode, Session, Stream } from "../objects/index.ts";

const WHY = "reset by a test";

class ResettableDirectory extends Directory {
  async reset(): Promise<void> {
    this.ctx.abort(WHY);
  }
}
class ResettableMediaNode extends MediaNode {
  async reset(): Promise<void> {
    this.ctx.abort(WHY);
  }
}
class ResettableSession extends Session {
  async reset(): Promise<void> {
    this.ctx.abort(WHY);
  }
}
class ResettableStream extends Stream {
  async reset(): Promise<void> {
    this.ctx.abort(WHY);
  }
}

export {
  ResettableDirectory as Directory,
  ResettableMediaNode as MediaNode,
  ResettableSession as Session,
  ResettableStream as Stream,
};

interface TestEnv extends Omit<Env, "DIRECTORY" | "MEDIA_NODE" | "SESSION" | "STREAM"> {
  readonly DIRECTORY: DurableObjectNamespace<ResettableDirectory>;
  readonly MEDIA_NODE: DurableObjectNamespace<ResettableMediaNode>;
  readonly SESSION: DurableObjectNamespace<ResettableSession>;
  readonly STREAM: DurableObjectNamespace<ResettableStream>;
}

/** Objects to reset, by the names they have in the Worker's bindings. */
interface Names {
  readonly directory: readonly string[];
  readonly nodes: readonly string[];
  readonly sessions: readonly string[];
  readonly streams: readonly string[];
}

const app = createApp();

export default {
  async fetch(request: Request, env: TestEnv, ctx: ExecutionContext): Promise<Response> {
    if (new URL(request.url).pathname !== "/testing/reset") return await app.fetch(request, env, ctx);
    const names: Names = await request.json();
    const resets = [
      ...names.directory.map((name) => env.DIRECTORY.getByName(name).reset()),
      ...names.nodes.map((name) => env.MEDIA_NODE.getByName(name).reset()),
      ...names.sessions.map((name) => env.SESSION.getByName(name).reset()),
      ...names.streams.map((name) => env.STREAM.getByName(name).reset()),
    ];
    // A call that resets its object never returns in good order.
    const results = await Promise.allSettled(resets);
    return Response.json({ reset: results.filter(({ status }) => status === "rejected").length });
  },
};

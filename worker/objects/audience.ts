/**
 * Whom a node's news concern: the Directory and every stream the node serves. They are told of its arrival with its
 * sessions, of its states until they have acknowledged them, and of its load when that is news.
 */
import type { HelloBody, NodeLoad } from "../../shared/link.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { directoryOf, type Env, streamOf } from "../env.ts";
import type { NodeChange, NodeState, Place } from "../ledger/types.ts";
import { log, reasonOf } from "../log.ts";
import { callObject } from "./call.ts";
import { LoadNews } from "./load-news.ts";
import type { NodeRow, NodeRows } from "./node-rows.ts";

/** The Directory's row in the audience: no stream has an empty name. */
const DIRECTORY = "";

const v = PROTOCOL_VERSION;

/** A hello; its region is the edge's guess where the node names none. */
export type Introduction = Omit<HelloBody, "region"> & {
  readonly region?: string | undefined;
  readonly place?: Place | undefined;
};

export class Audience {
  readonly #env: Env;
  readonly #rows: NodeRows;
  readonly #loadNews = new LoadNews();

  constructor(env: Env, rows: NodeRows) {
    this.#env = env;
    this.#rows = rows;
  }

  streams(): string[] {
    return this.#rows.audience().filter((name) => name !== DIRECTORY);
  }

  /**
   * Tells everybody of a node that said hello, and reconciles its sessions.
   * @returns the sessions that have no lease.
   * @throws if anybody cannot be told: the node has to say hello again.
   */
  async introduce(node: NodeRow, body: Introduction, nowMs: number): Promise<string[]> {
    const { nodeId } = node;
    const { streams, load, version, region, place } = body;
    const serves = new Set(streams.map((stream) => stream.name));
    await callObject(() => directoryOf(this.#env).register({ v, nodeId, version, region, streams }));
    this.#rows.setTold(DIRECTORY, "up");
    for (const name of this.streams()) if (!serves.has(name)) await this.#drop(name, node);
    const ends = await Promise.all(
      streams.map(async (descriptor) => {
        const { name } = descriptor;
        const sessions = body.sessions.filter((session) => session.stream === name);
        const arrival = { v, nodeId, epoch: node.epoch, revision: node.revision, descriptor, load, place, sessions };
        // Whether the call gets through or not: from here on the stream must hear of every change.
        this.#rows.setTold(name, "up");
        const result = await callObject(() => streamOf(this.#env, name).nodeUp(arrival));
        if (result === null) throw new Error(`stream ${name} knows a later state of the node`);
        return result.end;
      }),
    );
    this.#loadNews.told(load, nowMs);
    const orphans = body.sessions.filter((session) => !serves.has(session.stream)).map((session) => session.sid);
    return [...ends.flat(), ...orphans];
  }

  /** True if somebody has not acknowledged the node's state. */
  hasUntold(node: NodeRow): boolean {
    return this.#rows.untold(node.state).length > 0;
  }

  /** Tells everybody who has not acknowledged the node's state. Who cannot be reached stays untold. */
  async tell(node: NodeRow): Promise<void> {
    const { nodeId, epoch, revision, state } = node;
    const change = { nodeId, epoch, revision, state };
    await Promise.all(
      this.#rows.untold(state).map(async (name) => {
        try {
          if (name === DIRECTORY) await this.#tellDirectory(nodeId, state);
          else await this.#tellStream(name, change);
          this.#rows.setTold(name, state);
        } catch (error) {
          log("warn", "tell_failed", { nodeId, audience: name, reason: reasonOf(error) });
        }
      }),
    );
  }

  /** Passes a load report on, if it is news. */
  async load(nodeId: string, epoch: number, load: NodeLoad, nowMs: number): Promise<void> {
    if (!this.#loadNews.isNews(load, nowMs)) return;
    this.#loadNews.told(load, nowMs);
    const report = { v, nodeId, epoch, load };
    await Promise.all(this.streams().map((name) => callObject(() => streamOf(this.#env, name).nodeLoad(report))));
  }

  /** A stream that the node no longer serves: to it, the node is lost. */
  async #drop(name: string, { nodeId, epoch, revision }: NodeRow): Promise<void> {
    await this.#tellStream(name, { nodeId, epoch, revision, state: "lost" });
    this.#rows.forget(name);
  }

  #tellStream(name: string, change: NodeChange): Promise<void> {
    return callObject(() => streamOf(this.#env, name).nodeChanged({ v, ...change }));
  }

  async #tellDirectory(nodeId: string, state: NodeState): Promise<void> {
    if (state === "lost") await callObject(() => directoryOf(this.#env).nodeLost({ v, nodeId }));
  }
}

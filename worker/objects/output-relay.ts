/** Carries a node's outputs to the sessions whose watchers they are for. */
import type { Output, OutputNews } from "../../shared/link.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { type Env, sessionOf } from "../env.ts";
import { log, reasonOf } from "../log.ts";
import type { SessionName } from "../rpc.ts";
import { callObject } from "./call.ts";

interface Delivery {
  readonly session: SessionName;
  readonly outputs: Output[];
  ended: boolean;
}

export class OutputRelay {
  readonly #env: Env;
  readonly #onUnwatched: (session: SessionName) => void;

  /** @param onUnwatched is told of a session that nobody watches any more. */
  constructor(env: Env, onUnwatched: (session: SessionName) => void) {
    this.#env = env;
    this.#onUnwatched = onUnwatched;
  }

  /** One call per session. What cannot be delivered leaves a gap, for which its watchers come back to the node. */
  async relay(news: readonly OutputNews[]): Promise<void> {
    await Promise.all(deliveries(news).map((delivery) => this.#deliver(delivery)));
  }

  async #deliver({ session, outputs, ended }: Delivery): Promise<void> {
    const { stream, clientId } = session;
    const request = { v: PROTOCOL_VERSION, ...session, outputs, ended };
    try {
      const { watched } = await callObject(() => sessionOf(this.#env, stream, clientId).outputs(request));
      if (!watched && !ended) this.#onUnwatched(session);
    } catch (error) {
      log("warn", "outputs_lost", { sid: session.sid, stream, count: outputs.length, reason: reasonOf(error) });
    }
  }
}

function deliveries(news: readonly OutputNews[]): Delivery[] {
  const bySid = new Map<string, Delivery>();
  for (const item of news) {
    const { sid, stream, clientId } = item;
    const delivery = bySid.get(sid) ?? { session: { sid, stream, clientId }, outputs: [], ended: false };
    bySid.set(sid, delivery);
    if (item.news === "output") delivery.outputs.push({ seq: item.seq, json: item.json });
    else delivery.ended = true;
  }
  return [...bySid.values()];
}

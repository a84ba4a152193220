/**
 * The soak: calls without end on several nodes, while every object of the edge is reset with its sockets closed every few
 * seconds, a node is killed now and then, and calls come and go.
 */
import { encode, speech } from "../../bench/lib/clips.ts";
import { type NodeHandle, Stack, sleep, until } from "../support/stack.ts";
import { AliveCount } from "./alive.ts";
import { Call } from "./call.ts";
import { OwnPauses } from "./own-pauses.ts";

/** As in streams.ts. */
export const LIMIT = 20;
const STREAM = "soak";
const NODES = 2;
/** Callers that find all lines busy most of the time: the limit is asked for again and again. */
const WAITING_CALLERS = 2;
const RETRY_MS = 250;
const WATCH_MS = 100;
/** After the end every slot must be free within this: the time after which a silent node is lost, and some. */
const FREE_WITHIN_MS = 30_000;
/** What a caller may be told while the edge is reset and nodes die. Anything else is a fault. */
const CLEAR_REFUSALS: readonly string[] = [
  "concurrency_limit_reached",
  "capacity_reached",
  "edge_restarting",
  "edge_timeout",
  "no_media_node",
  "node_full",
  "node_unreachable",
];

export interface SoakOptions {
  readonly durationMs: number;
  readonly resetEveryMs: number;
  readonly killEveryMs: number;
  /** How long a call lasts, on average; it hangs up then and calls again. */
  readonly callMs: number;
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

export interface SoakReport {
  /** Calls that were connected. */
  readonly calls: number;
  readonly resets: number;
  readonly objectsReset: number;
  /** Times that a node linked to the edge again after a reset had closed its socket. */
  readonly redials: number;
  readonly kills: number;
  /** Calls whose node was killed. */
  readonly lostWithTheirNode: number;
  /** Calls that ended by themselves although their node lived: client ids. */
  readonly dropped: readonly string[];
  /** The longest time without a packet in any call on a surviving node. */
  readonly worstGapMs: number;
  /** Sessions alive on nodes at the same time, at most. */
  readonly mostAlive: number;
  /** Slots in use at the same time, at most, as the edge counts them. */
  readonly mostActive: number;
  /** Slots still in use after everybody hung up. */
  readonly leaked: number;
  /** How long it took until the last slot was free after everybody hung up. */
  readonly freedAfterMs: number;
  /** How often callers were told what. */
  readonly refusals: Readonly<Record<string, number>>;
  /** What callers met beside an answer and a clear refusal. */
  readonly faults: readonly string[];
  /** The longest pause of the soak's own process: taken off every gap. */
  readonly ownPauseMs: number;
}

export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  const stack = await Stack.start("test/soak/streams.ts", {}, "worker/testing/resettable.ts");
  const soak = new Soak(stack, options, await encode(await speech()));
  try {
    return await soak.run();
  } finally {
    await stack.stop();
  }
}

interface Line {
  /** The call that talks. */
  call: Call | null;
  /** The client id of the call that talks or is being made. */
  clientId: string | null;
}

class Soak {
  readonly #stack: Stack;
  readonly #options: SoakOptions;
  readonly #packets: readonly Buffer[];
  readonly #pauses = new OwnPauses();
  readonly #alive = new AliveCount();
  readonly #over = new AbortController();
  readonly #nodes: NodeHandle[] = [];
  /** Names of all nodes there ever were: the objects of dead ones are reset, too. */
  readonly #nodeIds: string[] = [];
  /** Every line's present call. */
  readonly #lines: Line[] = Array.from({ length: LIMIT + WAITING_CALLERS }, () => ({
    call: null,
    clientId: null,
  }));
  readonly #dropped: string[] = [];
  /** Client ids of every call that a killed node knew. */
  readonly #onKilledNodes = new Set<string>();
  readonly #faults: string[] = [];
  readonly #refusals = new Map<string, number>();
  #calls = 0;
  #resets = 0;
  #objectsReset = 0;
  #kills = 0;
  #lost = 0;
  #redials = 0;
  #worstGapMs = 0;
  #mostActive = 0;

  constructor(stack: Stack, options: SoakOptions, packets: readonly Buffer[]) {
    this.#stack = stack;
    this.#options = options;
    this.#packets = packets;
  }

  async run(): Promise<SoakReport> {
    const { durationMs, resetEveryMs, killEveryMs, signal } = this.#options;
    while (this.#nodes.length < NODES) this.#nodes.push(await this.#startNode());
    const end = setTimeout(() => this.#over.abort(), durationMs);
    const onAbort = (): void => this.#over.abort();
    signal?.addEventListener("abort", onAbort);
    try {
      await Promise.all([
        ...this.#lines.map((line, index) => this.#callForEver(line, index)),
        this.#every(resetEveryMs, () => this.#reset()),
        this.#every(killEveryMs, () => this.#killNode()),
        this.#every(1_000, () => this.#count()),
      ]);
      const freedAfterMs = await this.#untilFree();
      for (const node of this.#nodes) this.#read(node, null);
      return await this.#report(freedAfterMs);
    } finally {
      clearTimeout(end);
      signal?.removeEventListener("abort", onAbort);
      this.#pauses.stop();
    }
  }

  async #every(intervalMs: number, work: () => Promise<void>): Promise<void> {
    let nextMs = performance.now() + intervalMs;
    while (await this.#wait(nextMs - performance.now())) {
      await work();
      nextMs = Math.max(nextMs + intervalMs, performance.now());
    }
  }

  /** @returns false once the soak is over. */
  async #wait(ms: number): Promise<boolean> {
    const untilMs = performance.now() + ms;
    while (!this.#over.signal.aborted && performance.now() < untilMs) {
      await sleep(Math.max(0, Math.min(WATCH_MS, untilMs - performance.now())));
    }
    return !this.#over.signal.aborted;
  }

  // --- what callers do ---------------------------------------------------------------------------------------------

  async #callForEver(line: Line, index: number): Promise<void> {
    // Not all of them in the same moment.
    await this.#wait(index * 100);
    while (!this.#over.signal.aborted) {
      const call = new Call(this.#packets, this.#pauses);
      line.clientId = call.clientId;
      const connected = await this.#connect(call);
      if (!connected) {
        await call.hangUp();
        await this.#wait(RETRY_MS);
        continue;
      }
      this.#calls += 1;
      line.call = call;
      await this.#talk(line, call);
      await call.hangUp();
    }
  }

  async #connect(call: Call): Promise<boolean> {
    const kills = this.#kills;
    try {
      await call.connect(`${this.#stack.url}/${STREAM}`, AbortSignal.timeout(60_000));
      return true;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const code = /"error":"(\w+)"/.exec(why)?.[1] ?? null;
      // The node that had answered was killed before the call was connected.
      const met = code ?? (kills === this.#kills ? null : "lost_while_connecting");
      if (met === null || (code !== null && !CLEAR_REFUSALS.includes(code))) this.#faults.push(why);
      else this.#refusals.set(met, (this.#refusals.get(met) ?? 0) + 1);
      return false;
    }
  }

  /** Until the call has lasted long enough, is lost with its node, or drops. */
  async #talk(line: Line, call: Call): Promise<void> {
    const untilMs = performance.now() + this.#options.callMs * (0.5 + Math.random());
    while (line.call === call && performance.now() < untilMs && (await this.#wait(WATCH_MS))) {
      if (!call.isDead) continue;
      // Its node was killed in the moment between its answer and its first packet.
      if (this.#onKilledNodes.has(call.clientId)) this.#lost += 1;
      else this.#dropped.push(call.clientId);
      break;
    }
    if (line.call !== call) return;
    line.call = null;
    call.stop();
    if (this.#onKilledNodes.has(call.clientId)) return;
    this.#worstGapMs = Math.max(this.#worstGapMs, call.worstGapMs);
  }

  // --- what happens to them ----------------------------------------------------------------------------------------

  async #reset(): Promise<void> {
    const sessions = this.#lines.flatMap(({ clientId }) =>
      clientId === null ? [] : [`default/${STREAM}/${clientId}`],
    );
    const names = {
      directory: ["default"],
      nodes: this.#nodeIds.map((id) => `default/${id}`),
      streams: [`default/${STREAM}`],
      sessions,
    };
    const response = await fetch(`${this.#stack.url}/testing/reset`, { method: "POST", body: JSON.stringify(names) });
    const { reset } = (await response.json()) as { reset: number };
    this.#resets += 1;
    this.#objectsReset += reset;
  }

  async #killNode(): Promise<void> {
    const index = this.#kills % this.#nodes.length;
    const node = this.#nodes[index];
    if (node === undefined) return;
    this.#kills += 1;
    const killedAtMs = Date.now();
    await node.kill();
    for (const [, clientId = ""] of node.log().matchAll(/"clientId":"([^"]+)"/g)) this.#onKilledNodes.add(clientId);
    for (const line of this.#lines) {
      if (line.call === null || !this.#onKilledNodes.has(line.call.clientId)) continue;
      line.call.stop();
      line.call = null;
      this.#lost += 1;
    }
    this.#read(node, killedAtMs);
    this.#options.onProgress?.(`killed ${node.id}, ${this.#lost} calls lost with their nodes so far`);
    // Every second one never comes back: its slots have to be freed without its help.
    this.#nodes[index] = await this.#startNode(this.#kills % 2 === 0 ? node.id : undefined);
  }

  async #startNode(id = `soak-${this.#nodeIds.length + 1}`): Promise<NodeHandle> {
    if (!this.#nodeIds.includes(id)) this.#nodeIds.push(id);
    return await this.#stack.startNode({ id });
  }

  /** What a node's log tells of the run that is over. */
  #read(node: NodeHandle, killedAtMs: number | null): void {
    this.#alive.add(node.log(), killedAtMs);
    this.#redials += node.log().split("linked to the edge").length - 2;
  }

  async #count(): Promise<void> {
    this.#mostActive = Math.max(this.#mostActive, (await this.#active()) ?? 0);
  }

  /** Slots in use; null while the edge is being reset. */
  async #active(): Promise<number | null> {
    const response = await fetch(`${this.#stack.url}/streams`);
    if (!response.ok) {
      const code = /"error":"(\w+)"/.exec(await response.text())?.[1] ?? `HTTP ${response.status}`;
      if (CLEAR_REFUSALS.includes(code)) return null;
      this.#faults.push(`GET /streams: ${code}`);
      return null;
    }
    const streams = (await response.json()) as { name: string; active: number }[];
    return streams.find(({ name }) => name === STREAM)?.active ?? null;
  }

  async #untilFree(): Promise<number> {
    const startMs = performance.now();
    await until(async () => (await this.#active()) === 0, FREE_WITHIN_MS).catch(() => undefined);
    return performance.now() - startMs;
  }

  async #report(freedAfterMs: number): Promise<SoakReport> {
    return {
      calls: this.#calls,
      resets: this.#resets,
      objectsReset: this.#objectsReset,
      redials: this.#redials,
      kills: this.#kills,
      lostWithTheirNode: this.#lost,
      dropped: this.#dropped,
      worstGapMs: Math.round(this.#worstGapMs),
      mostAlive: this.#alive.most,
      mostActive: this.#mostActive,
      leaked: (await this.#active()) ?? 0,
      freedAfterMs: Math.round(freedAfterMs),
      refusals: Object.fromEntries(this.#refusals),
      faults: this.#faults,
      ownPauseMs: Math.round(this.#pauses.longestMs),
    };
  }
}

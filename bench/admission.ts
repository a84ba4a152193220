/**
 * How many sessions a second one stream admits: its ledger alone, and whole offers without media, held against the floor
 * of what any object could do that answers once its row is on the disk.
 *
 * Floor, pairs and offers take turns in short rounds, with the same number of callers, so that the machine's moods hit all
 * of them. Floor and pairs are calls of one object from within the Worker; a whole offer is an HTTP request that goes
 * through Worker, Session, Stream and MediaNode to a node at the real node link, which answers at once and reports the
 * session's end at once.
 */
import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import * as v from "valibot";
import { startAdmissionNode } from "./lib/admission-node.ts";
import { closedLoop, type LoopResult } from "./lib/closed-loop.ts";
import { startMeter } from "./lib/machine.ts";
import { percentile, summarize } from "./lib/percentiles.ts";
import { treeUsage } from "./lib/process-tree.ts";
import { atLeast, type Figure, type Measurement, median, type Row, type RowContext, type Scale } from "./lib/row.ts";

/** Callers at a time, of everything that is compared. */
const CALLERS = 32;
/** Operations of one batch: long enough that its one HTTP request does not show. */
const BATCH = 256;
const ROUND_MS = 1_200;
const WARM_UP_MS = 800;

/** Streams of the bench's node, as the bench's Worker calls them. */
const PAIRS_STREAM = "pairs";
const OFFERS_STREAM = "offers";

const SDP = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n";

const Batch = v.array(v.number());
const Answer = v.object({ sdp: v.string(), type: v.literal("answer") });

export function admissionRows({ quick }: Scale): Row[] {
  const rounds = quick ? 1 : 5;
  return [
    {
      title: `admission · ${CALLERS} callers of one stream, ${rounds} rounds`,
      server: "admission",
      estimateMs: 6_000 + KINDS.length * (WARM_UP_MS + rounds * ROUND_MS),
      measure: (context) => measure(context, rounds),
    },
  ];
}

const KINDS = ["floor", "pairs", "reported", "offers"] as const;
type Kind = (typeof KINDS)[number];

interface Round extends LoopResult {
  readonly serverCpuMs: number;
}

async function measure({ server, pinning, signal }: RowContext, rounds: number): Promise<Measurement> {
  const node = await startAdmissionNode(server.url, [PAIRS_STREAM, OFFERS_STREAM]);
  const client = new Client(server.url);
  const run = async (kind: Kind, durationMs: number): Promise<Round> => {
    const before = treeUsage(server.pid).cpuMs;
    const [callers, work] =
      kind === "offers" ? [CALLERS, () => client.offer()] : [1, () => client.batch(kind, BATCH, CALLERS)];
    const result = await closedLoop(callers, durationMs, signal, work);
    return { ...result, serverCpuMs: treeUsage(server.pid).cpuMs - before };
  };
  try {
    for (const kind of KINDS) await run(kind, WARM_UP_MS);
    const measured: Record<Kind, Round[]> = { floor: [], pairs: [], reported: [], offers: [] };
    const stop = startMeter(server.pid, pinning);
    for (let round = 0; round < rounds; round++) {
      for (const kind of KINDS) measured[kind].push(await run(kind, ROUND_MS));
    }
    return { usage: stop(), figures: figures(measured) };
  } finally {
    client.close();
    await node.stop();
  }
}

function figures({ floor, pairs, reported, offers }: Record<Kind, readonly Round[]>): Figure[] {
  /** Round by round, and of these the median: the machine may have been slow in one of them. */
  const share = (rounds: readonly Round[], perOperation = 1): number => {
    const shares = rounds.map((round, i) => {
      const beside = floor[i];
      return beside === undefined ? Number.NaN : (100 * perOperation * rate(round)) / rate(beside);
    });
    return percentile(
      shares.sort((a, b) => a - b),
      50,
    );
  };
  return [
    ...kindFigures("floor: a durable update", floor),
    ...kindFigures("admit + release, a call each", pairs),
    { name: "… its durable updates ÷ floor", value: share(pairs, 2), unit: "%", target: atLeast(50) },
    { name: "… its pairs ÷ floor", value: share(pairs), unit: "%" },
    ...kindFigures("admit + release, ends in reports", reported),
    { name: "… its pairs ÷ floor", value: share(reported), unit: "%", target: atLeast(50) },
    ...kindFigures("whole offer", offers),
    { name: "… offers ÷ floor", value: share(offers), unit: "%", target: atLeast(20) },
  ];
}

function kindFigures(name: string, rounds: readonly Round[]): Figure[] {
  const tookMs = rounds.flatMap((round) => [...round.tookMs]);
  const cpuMs = rounds.reduce((sum, { serverCpuMs }) => sum + serverCpuMs, 0);
  return [
    {
      name,
      value: percentile(
        rounds.map(rate).sort((a, b) => a - b),
        50,
      ),
      unit: "/s",
    },
    { name: "… server CPU", value: (1_000 * cpuMs) / tookMs.length, unit: "µs" },
    median("… took", summarize(tookMs)),
  ];
}

function rate({ tookMs, wallMs }: LoopResult): number {
  return (1_000 * tookMs.length) / wallMs;
}

/** Requests over kept connections; Node's `fetch` would cost the client's core more than the server needs for an offer. */
class Client {
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CALLERS });

  constructor(url: string) {
    this.#url = url;
  }

  /** @returns how long each operation of the batch took, in milliseconds. */
  async batch(kind: Exclude<Kind, "offers">, count: number, concurrency: number): Promise<readonly number[]> {
    const path = `/bench/${kind}?count=${count}&concurrency=${concurrency}`;
    return v.parse(Batch, await this.#post(path, {}));
  }

  async offer(): Promise<readonly number[]> {
    const startMs = performance.now();
    const answer = await this.#post(`/${OFFERS_STREAM}/webrtc/offer`, {
      sdp: SDP,
      type: "offer",
      webrtc_id: randomUUID(),
    });
    const tookMs = performance.now() - startMs;
    v.parse(Answer, answer);
    return [tookMs];
  }

  close(): void {
    this.#agent.destroy();
  }

  async #post(path: string, body: object): Promise<unknown> {
    const content = JSON.stringify(body);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const outgoing = request(`${this.#url}${path}`, {
      method: "POST",
      agent: this.#agent,
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(content) },
    });
    outgoing.once("error", reject);
    outgoing.once("response", (response) => {
      text(response).then(
        (received) => (response.statusCode === 200 ? resolve(received) : reject(new Error(received.slice(0, 300)))),
        reject,
      );
    });
    outgoing.end(content);
    return JSON.parse(await promise);
  }
}

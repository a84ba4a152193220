import { describe, expect, it } from "vitest";
import type { Command } from "../../shared/link.ts";
import type { Admission } from "../ledger/types.ts";
import type { CommandResult, SessionInfo } from "../rpc.ts";
import { KeptCandidates } from "./kept-candidates.ts";
import { Opening, type OpeningOptions } from "./opening.ts";

const REQUEST = { v: 1, sid: "s_1", stream: "echo", clientId: "caller", sdp: "offer" } as const;
const CANDIDATE = { candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host", sdpMid: "0", sdpMLineIndex: 0 };

const answered: CommandResult = { ok: true, sdp: "answer" };
const full: CommandResult = { ok: false, error: "node_full", sent: true };
const unreachable: CommandResult = { ok: false, error: "node_unreachable", sent: false };
const silent: CommandResult = { ok: false, error: "edge_timeout", sent: true };
const unusable: CommandResult = { ok: false, error: "invalid_sdp", sent: true };

const on = (nodeId: string): Admission => ({ ok: true, nodeId, epoch: 1 });

/** The other objects, as they are told to answer. `happened` has what was asked of them: commands once they are answered. */
function world(answers: {
  readonly admit?: Admission | Error;
  readonly elsewhere?: Admission;
  /** To one command after the other. */
  readonly node?: readonly (CommandResult | Error)[];
  readonly find?: SessionInfo;
}) {
  const happened: string[] = [];
  const commands: Command[] = [];
  const node = [...(answers.node ?? [])];
  const give = <T>(answer: T | Error | undefined): Promise<T> =>
    answer instanceof Error || answer === undefined
      ? Promise.reject(answer ?? new Error("not asked"))
      : Promise.resolve(answer);
  const calls: OpeningOptions["calls"] = {
    admit: () => give(answers.admit ?? on("n1")),
    placeElsewhere: (_stream, _request, tried) => {
      happened.push(`not on ${tried.join()}`);
      return give(answers.elsewhere);
    },
    find: () => Promise.resolve(answers.find ?? null),
    release: async (_stream, { nodeId }) => {
      happened.push(`release ${nodeId}`);
      await scheduler.wait(0);
      happened.push("released");
    },
    command: async ({ nodeId }, command) => {
      commands.push(command);
      await scheduler.wait(0);
      happened.push(`${command.command} ${nodeId}`);
      return give(node.shift());
    },
  };
  const candidates = new KeptCandidates();
  const work: Promise<unknown>[] = [];
  const opening = new Opening(REQUEST, {
    calls,
    candidates,
    on: ({ event }) => happened.push(`[${event}]`),
    waitUntil: (promise) => work.push(promise),
  });
  return {
    happened,
    commands,
    candidates,
    /** What the client is told, and what had happened by then. */
    run: async () => {
      const opened = await opening.run();
      const before = [...happened];
      await Promise.all(work);
      return { opened, before, error: opened.ok ? null : opened.body.meta.error };
    },
  };
}

describe("an opening", () => {
  it("gives the node's answer, and passes candidates on that came meanwhile", async () => {
    const { run, candidates, commands, happened } = world({ node: [answered, { ok: true }] });
    candidates.keep({ ok: true, candidate: CANDIDATE });
    const done = run();
    await Promise.resolve();
    candidates.hold({ ...CANDIDATE, sdpMid: "1" });
    expect((await done).opened).toEqual({ ok: true, reply: answered });
    expect(happened).toEqual(["[offer]", "[placed]", "offer n1", "[answer]", "candidate n1"]);
    expect(commands).toMatchObject([{ candidates: [CANDIDATE] }, { candidate: { sdpMid: "1" } }]);
  });

  it.each([
    ["is full", full],
    ["certainly did not hear of it", unreachable],
  ])("goes to another node where one %s", async (_what, refusal) => {
    const { run, happened } = world({ node: [refusal, answered], elsewhere: on("n2") });
    expect((await run()).error).toBeNull();
    expect(happened).toEqual(["[offer]", "[placed]", "offer n1", "not on n1", "[placed]", "offer n2", "[answer]"]);
  });

  it("stays with a node that may have heard of it before, and ends it there before it frees the slot", async () => {
    const { run, happened } = world({
      admit: { ok: true, nodeId: "n1", epoch: 1, again: true },
      node: [unreachable, { ok: true }],
    });
    expect((await run()).error).toBe("node_unreachable");
    expect(happened).toEqual(["[offer]", "[placed]", "offer n1", "[failed]", "end n1", "release n1", "released"]);
  });

  it("leaves the slot of a node that says nothing to the ledger: it may have the session yet", async () => {
    const { run, happened } = world({ node: [silent, silent] });
    expect((await run()).error).toBe("edge_timeout");
    expect(happened).toEqual(["[offer]", "[placed]", "offer n1", "[failed]", "end n1"]);
  });

  it("frees the slot before the client hears that its node refused", async () => {
    const { run } = world({ node: [unusable, { ok: true }] });
    const { error, before } = await run();
    expect(error).toBe("invalid_sdp");
    expect(before).toContain("released");
  });

  it("takes back what an admission that failed under way may have given", async () => {
    const lease = { sid: "s_1", clientId: "caller", nodeId: "n1", epoch: 1, state: "pending" } as const;
    const given = world({ admit: new Error("lost"), node: [{ ok: true }], find: { state: "pending", lease } });
    expect((await given.run()).error).toBe("internal");
    expect(given.happened).toEqual(["[offer]", "[failed]", "end n1", "release n1", "released"]);
    const another = world({ admit: new Error("lost"), find: { state: "pending", lease: { ...lease, sid: "s_2" } } });
    await another.run();
    expect(another.happened).toEqual(["[offer]", "[failed]"]);
  });

  it("is refused with the ledger's reason, or with why no node could be reached", async () => {
    const taken = world({ admit: { ok: false, code: "connection_already_exists" } });
    expect((await taken.run()).error).toBe("connection_already_exists");
    const away = world({ node: [unreachable], elsewhere: { ok: false, code: "node_full" } });
    expect((await away.run()).error).toBe("node_unreachable");
    expect(away.happened.at(-1)).toBe("[refused]");
  });
});

/**
 * Every order of events that a caller, a handler, a model and time can bring about, in virtual time, with the real session, player
 * and turn taking. EDGERTC_EXPLORE_DEPTH=8 goes that deep everywhere: one or two minutes.
 */
import { describe, expect, it } from "vitest";
import type { TurnAction, TurnEvent, TurnPhase } from "../turn/turn-machine.ts";
import { DeafToTheEnd, ForgetfulReply, NeverTidiesUp } from "./testing/exploration/planted-bugs.ts";
import { explore, wander } from "./testing/exploration/search.ts";
import { TurnWorld, type TurnWorldOptions } from "./testing/exploration/turn-world.ts";

const EVERYWHERE = process.env["EDGERTC_EXPLORE_DEPTH"];
/** Of the default options, and of all the others. */
const DEPTH = Number(EVERYWHERE ?? 8);
const DEPTH_OF_VARIANTS = Number(EVERYWHERE ?? 6);
/** Far more than there are on a busy machine. */
const TIMEOUT_MS = 300_000;

const WITHOUT_PAUSES: readonly TurnPhase[] = [
  "bot_finishing",
  "bot_speaking",
  "listening",
  "thinking",
  "user_speaking",
];
const PHASES: readonly TurnPhase[] = [...WITHOUT_PAUSES, "paused", "paused_finishing"];

interface Variant {
  readonly options: TurnWorldOptions;
  /** The phases there are. */
  readonly phases: readonly TurnPhase[];
}

const VARIANTS: Readonly<Record<string, Variant>> = {
  "where the user cannot interrupt": { options: { reply: { canInterrupt: false } }, phases: WITHOUT_PAUSES },
  "where it speaks first, to the end": {
    options: { greets: true, reply: { muteUser: "first_reply" } },
    phases: WITHOUT_PAUSES,
  },
  "with an end-of-turn model": { options: { model: "end of turn" }, phases: PHASES },
  "where replies are begun ahead": { options: { reply: { thinkAheadMs: 96 } }, phases: [...PHASES, "maybe_ended"] },
  "where backchannels are told apart": { options: { model: "backchannels" }, phases: PHASES },
  "where words are shown as they are said": { options: { model: "live transcript" }, phases: PHASES },
  "on FastRTC's grid": { options: { model: "grid" }, phases: WITHOUT_PAUSES },
  "on the grid where the user cannot interrupt": {
    options: { model: "grid", reply: { canInterrupt: false } },
    phases: WITHOUT_PAUSES,
  },
  "on a stream with inputs": { options: { declaresInputs: true }, phases: PHASES },
};

async function search(options: TurnWorldOptions, depth: number) {
  const reached = new Set<TurnPhase>(["listening"]);
  const found = await explore({ start: () => TurnWorld.start({ ...options, reached }), depth });
  const failures = found.failures.map(({ path, error }) => `${path}: ${error.message}`);
  return { ...found, failures, reached: [...reached] };
}

describe("ReplyOnPause", () => {
  it(
    `always listens again, answers, and ends cleanly, after every order of ${DEPTH} events`,
    async () => {
      const { failures, reached, states, paths } = await search({}, DEPTH);
      expect(failures).toEqual([]);
      expect(reached.sort()).toEqual([...PHASES].sort());
      console.log(`${states} states, ${paths} paths`);
    },
    TIMEOUT_MS,
  );

  for (const [name, { options, phases }] of Object.entries(VARIANTS)) {
    it(
      `does so ${name}, after every order of ${DEPTH_OF_VARIANTS}`,
      async () => {
        const { failures, reached } = await search(options, DEPTH_OF_VARIANTS);
        expect(failures).toEqual([]);
        expect(reached).toEqual(expect.arrayContaining([...phases]));
      },
      TIMEOUT_MS,
    );
  }
});

describe("after forty events at random", () => {
  const seed = Number(process.env["EDGERTC_EXPLORE_SEED"] ?? 1);
  const walks = Number(process.env["EDGERTC_EXPLORE_WALKS"] ?? 50);

  for (const [name, { options }] of Object.entries({ "with default options": { options: {} }, ...VARIANTS })) {
    it(
      `it does so as well ${name}`,
      async () => {
        const start = () => TurnWorld.start(options);
        const failures = await wander({ start, walks, length: 40, without: ["client leaves", "hangs up"], seed });
        expect(failures.map(({ path, error }) => `${path}: ${error.message}`)).toEqual([]);
      },
      TIMEOUT_MS,
    );
  }
});

describe("the search finds a handler that", () => {
  const find = async (handler: TurnWorldOptions["handler"]): Promise<string | undefined> => {
    const start = () => TurnWorld.start(handler === undefined ? {} : { handler });
    const { failures } = await explore({ start, depth: 6, maxFailures: 1 });
    return failures[0]?.error.message;
  };

  it("does not let a held reply go on", async () => {
    const found = await find((...parts) => new ForgetfulReply((action) => action === "resume_output", ...parts));
    expect(found).toMatch(/^held in|stays bot_finishing/);
  });

  it("holds the next reply because the last one failed while it was held", async () => {
    const forgets = (action: TurnAction, event: TurnEvent) =>
      action === "resume_output" && event.type === "reply_finished";
    const found = await find((...parts) => new ForgetfulReply(forgets, ...parts));
    expect(found).toBe("held in user_speaking");
  });

  it("does not stop what it was saying", async () => {
    const found = await find((...parts) => new ForgetfulReply((action) => action === "abort_reply", ...parts));
    expect(found).toMatch(/run at once|runs on|^held in/);
  });

  it("does not answer", async () => {
    const found = await find((...parts) => new ForgetfulReply((action) => action === "begin_reply", ...parts));
    expect(found).toMatch(/gets no reply|stays thinking/);
  });

  it("does not hear that its audio has been played", async () => {
    expect(await find((...parts) => new DeafToTheEnd(...parts))).toBe("in silence it stays bot_finishing");
  });

  it("leaves something open at the end", async () => {
    expect(await find((...parts) => new NeverTidiesUp(...parts))).toMatch(/are left|runs on/);
  });
});

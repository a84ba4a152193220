import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type NodeSql, nodeSql } from "../../../test/support/node-sqlite.ts";
import { CODE_LIFETIME_MS, MAX_CODES_PER_KEY } from "./codes.ts";
import { GatewayBook } from "./gateway-book.ts";
import { GUESS_WINDOW_MS, MAX_WRONG_CODES } from "./guesses.ts";
import type { CodeAttempt, GatewayTarget } from "./types.ts";

const NOVEMBER = Date.UTC(2026, 10, 21, 12);
const ECHO: GatewayTarget = { kind: "stream", target: "echo" };
const HOST: GatewayTarget = { kind: "media", target: "abc.trycloudflare.com" };

let sql: NodeSql;
let book: GatewayBook;
let draws: number[];
let nowMs: number;

beforeEach(() => {
  sql = nodeSql();
  draws = [];
  let next = 0;
  book = new GatewayBook(sql, () => draws.shift() ?? (next++ % 1_000_000) / 1_000_000);
  nowMs = NOVEMBER;
});
afterEach(() => sql.close());

const seconds = (count: number) => {
  nowMs += count * 1_000;
};
function codeOf(digest: string | null, target: GatewayTarget): string {
  const registered = book.register(digest, target, nowMs);
  if (!registered.ok) throw new Error(registered.why);
  return registered.code;
}
const enter = (code: string, overrides: Partial<CodeAttempt> = {}) =>
  book.enter({ callId: "CA1", provider: "twilio", caller: "+1415", code, maxSeconds: 600, ...overrides }, nowMs);
const key = (name: string) => book.overview(nowMs).keys.find((one) => one.name === name);

describe("a key", () => {
  it("has ten minutes of calls in a month, and the operators' own has no end", () => {
    book.putKey("ann", "digest-of-ann", 600);
    expect(book.register("digest-of-ann", HOST, nowMs)).toEqual({
      ok: true,
      code: "000000",
      remainingSeconds: 600,
      resetDate: "2026-12-01",
    });
    expect(book.register(null, ECHO, nowMs)).toMatchObject({ ok: true, remainingSeconds: null });
    expect(book.register("digest-of-nobody", HOST, nowMs)).toEqual({ ok: false, why: "unknown_key" });
  });

  it("of many costs no question of its own where all are listed", () => {
    const asked: string[] = [];
    const counting = new GatewayBook(
      {
        rows: (query, ...bindings) => {
          asked.push(query);
          return sql.rows(query, ...bindings);
        },
        transaction: (work) => sql.transaction(work),
      },
      () => 0.5,
    );
    for (let n = 0; n < 30; n++) counting.putKey(`key-${n}`, `digest-${n}`, 600);
    asked.length = 0;
    expect(counting.overview(nowMs).keys).toHaveLength(31);
    expect(asked.length).toBeLessThan(10);
  });

  it("is not remembered for what it used in months long past", () => {
    book.putKey("ann", "a", 600);
    for (let month = 0; month < 4; month++) {
      nowMs = Date.UTC(2026, 8 + month, 30);
      enter(codeOf("a", HOST), { callId: `CA${month}` });
      seconds(60);
      book.ended(`CA${month}`, { atMs: nowMs });
    }
    expect(sql.rows("SELECT month, seconds FROM minutes ORDER BY month")).toEqual([
      { month: "2026-11", seconds: 60 },
      { month: "2026-12", seconds: 60 },
    ]);
  });

  it("takes its codes with it when it goes", () => {
    book.putKey("ann", "a", 600);
    const code = codeOf("a", HOST);
    expect(book.dropKey("ann")).toBe(true);
    expect(book.dropKey("ann")).toBe(false);
    expect(enter(code)).toEqual({ ok: false, why: "wrong_code" });
  });

  it("that was changed has another digest and quota, and what it has used already", () => {
    book.putKey("ann", "a", 600);
    enter(codeOf("a", HOST));
    seconds(60);
    book.ended("CA1", { atMs: nowMs });
    book.putKey("ann", "b", 100);
    expect(book.register("a", HOST, nowMs)).toMatchObject({ why: "unknown_key" });
    expect(book.register("b", HOST, nowMs)).toMatchObject({ remainingSeconds: 40 });
  });
});

describe("a code", () => {
  it("is the same as long as its target is registered, and one target's only", () => {
    book.putKey("ann", "a", 600);
    const code = codeOf("a", HOST);
    expect(codeOf("a", HOST)).toBe(code);
    // The same draw again is no code for another.
    draws.push(0, 0.5);
    expect(codeOf("a", { ...HOST, target: "def.trycloudflare.com" })).toBe("500000");
  });

  it("is over a day after it was registered or called; the operators' stay", () => {
    book.putKey("ann", "a", 6_000);
    const [hers, ours] = [codeOf("a", HOST), codeOf(null, ECHO)];
    nowMs += CODE_LIFETIME_MS - 1;
    expect(enter(hers, { callId: "in time" })).toMatchObject({ ok: true });
    nowMs += CODE_LIFETIME_MS - 1;
    expect(enter(hers, { callId: "in time again" })).toMatchObject({ ok: true });
    nowMs += CODE_LIFETIME_MS;
    expect(enter(hers, { callId: "too late" })).toEqual({ ok: false, why: "wrong_code" });
    expect(enter(ours, { callId: "any time" })).toEqual({ ok: true, target: ECHO });
  });

  it("is given back by its own key, or an operator", () => {
    book.putKey("ann", "a", 600);
    book.putKey("bob", "b", 600);
    const [one, two] = [codeOf("a", HOST), codeOf("a", { ...HOST, target: "other.example" })];
    expect(book.unregister("b", one)).toBe(false);
    expect(book.unregister("nobody", one)).toBe("unknown_key");
    expect(book.unregister("a", one)).toBe(true);
    expect(book.unregister("a", one)).toBe(false);
    expect(book.unregister(null, two)).toBe(true);
  });

  it("is one of a bounded number", () => {
    book.putKey("ann", "a", 600);
    for (let n = 0; n < MAX_CODES_PER_KEY; n++) codeOf("a", { ...HOST, target: `h${n}.example` });
    expect(book.register("a", { ...HOST, target: "one.too.many" }, nowMs)).toMatchObject({ why: "too_many_codes" });
    expect(book.register("a", { ...HOST, target: "h0.example" }, nowMs)).toMatchObject({ ok: true });
  });
});

describe("a caller who guesses", () => {
  it("is not listened to for the rest of the hour, the right code included", () => {
    const code = codeOf(null, ECHO);
    for (let n = 0; n < MAX_WRONG_CODES; n++) expect(enter("999999")).toMatchObject({ why: "wrong_code" });
    expect(enter(code)).toEqual({ ok: false, why: "too_many_tries" });
    expect(enter(code, { caller: "+1416", callId: "CA2" })).toMatchObject({ ok: true });
    nowMs += GUESS_WINDOW_MS;
    expect(enter(code)).toMatchObject({ ok: true });
  });
});

describe("a call", () => {
  it("counts from its code to its end, in seconds begun, once", () => {
    book.putKey("ann", "a", 600);
    enter(codeOf("a", HOST));
    expect(key("ann")).toMatchObject({ usedSeconds: 0, reservedSeconds: 600 });
    nowMs += 61_001;
    expect(book.ended("CA1", { atMs: nowMs })).toBe(62);
    seconds(30);
    expect(book.ended("CA1", { atMs: nowMs })).toBeNull();
    expect(key("ann")).toMatchObject({ usedSeconds: 62, reservedSeconds: 0 });
    expect(book.ended("CA of somebody", { atMs: nowMs })).toBeNull();
  });

  it("costs no more than the provider says it took, or than was reserved for it, however late that is heard", () => {
    book.putKey("ann", "a", 900);
    const code = codeOf("a", HOST);
    enter(code);
    seconds(500);
    expect(book.ended("CA1", { atMs: nowMs, lastedSeconds: 20 })).toBe(20);
    enter(code, { callId: "CA2", maxSeconds: 60 });
    seconds(5_000);
    expect(book.ended("CA2", { atMs: nowMs, lastedSeconds: 5_000 })).toBe(60);
    enter(code, { callId: "CA3" });
    expect(book.ended("CA3", { atMs: nowMs - 10_000 })).toBe(0);
  });

  it("is refused where the minutes are used up, or reserved by others, until the next month", () => {
    book.putKey("ann", "a", 700);
    const code = codeOf("a", HOST);
    expect(enter(code)).toMatchObject({ ok: true });
    expect(enter(code, { callId: "CA2" })).toMatchObject({ ok: true });
    expect(enter(code, { callId: "CA3" })).toEqual({ ok: false, why: "no_minutes" });
    expect(codeOf("a", HOST)).toBe(code);
    seconds(100);
    book.ended("CA2", { atMs: nowMs });
    seconds(500);
    book.ended("CA1", { atMs: nowMs });
    expect(book.register("a", HOST, nowMs)).toEqual({ ok: false, why: "no_minutes" });
    nowMs = Date.UTC(2026, 11, 1);
    expect(book.register("a", HOST, nowMs)).toMatchObject({ remainingSeconds: 700, resetDate: "2027-01-01" });
  });

  it("is the same one when its provider asks again, and over when it is over", () => {
    const code = codeOf(null, ECHO);
    const first = enter(code);
    expect(enter(code)).toEqual(first);
    expect(enter("999999")).toEqual(first);
    book.ended("CA1", { atMs: nowMs });
    expect(enter(code)).toMatchObject({ ok: false });
  });

  it("is known by its latest session: the end of the one before, which was cut, is not its own", () => {
    enter(codeOf(null, ECHO));
    seconds(10);
    expect(book.session("CA1", "echo", "s1", nowMs)).toBe(590_000);
    expect(book.session("CA1", "other", "s1", nowMs)).toBeNull();
    expect(book.session("CA9", "echo", "s1", nowMs)).toBeNull();
    seconds(10);
    expect(book.session("CA1", "echo", "s2", nowMs)).toBe(580_000);
    expect(book.sessionEnded("CA1", "s1", nowMs)).toBeNull();
    expect(book.sessionEnded("CA1", "s2", nowMs)).toBe(20);
    expect(book.session("CA1", "echo", "s3", nowMs)).toBeNull();
  });

  it("that waits for another session is not over with the one before", () => {
    enter(codeOf(null, ECHO));
    book.session("CA1", "echo", "s1", nowMs);
    seconds(100);
    expect(book.session("CA1", "echo", null, nowMs)).toBe(500_000);
    expect(book.sessionEnded("CA1", "s1", nowMs)).toBeNull();
    expect(book.calls()).toMatchObject([{ callId: "CA1", session: null }]);
  });

  it("has no time left for a session when its reservation is over", () => {
    enter(codeOf(null, ECHO));
    seconds(600);
    expect(book.session("CA1", "echo", "s1", nowMs)).toBeNull();
    expect(book.calls()).toHaveLength(1);
  });
});

it("a store that nobody wrote to stays unwritten", () => {
  expect(book.overview(nowMs)).toEqual({ keys: [], codes: [], calls: [] });
  expect([book.dropKey("ann"), book.unregister(null, "000000"), book.calls(), book.ended("CA1", { atMs: 0 })]).toEqual([
    false,
    false,
    [],
    null,
  ]);
  expect(sql.rows("SELECT name FROM sqlite_master")).toEqual([]);
});

/** One thing that happens: numbers are taken modulo what there is. */
const happening = fc.oneof(
  fc.record({ what: fc.constant("enter" as const), call: fc.nat(12), code: fc.nat(20), maxSeconds: fc.nat(600) }),
  fc.record({ what: fc.constant("register" as const), key: fc.nat(1), target: fc.nat(1) }),
  fc.record({ what: fc.constant("unregister" as const), key: fc.nat(2), code: fc.nat(20) }),
  fc.record({ what: fc.constant("enter" as const), call: fc.nat(12), code: fc.nat(20), maxSeconds: fc.nat(600) }),
  fc.record({ what: fc.constant("session" as const), call: fc.nat(12), sid: fc.nat(2) }),
  fc.record({ what: fc.constant("end" as const), call: fc.nat(12), late: fc.nat(1_000), told: fc.option(fc.nat(900)) }),
  fc.record({ what: fc.constant("session ends" as const), call: fc.nat(12), sid: fc.nat(2) }),
  fc.record({ what: fc.constant("time passes" as const), seconds: fc.oneof(fc.nat(300), fc.nat(1_000_000)) }),
  fc.record({
    what: fc.constant("quota" as const),
    key: fc.nat(2),
    secondsPerMonth: fc.nat(900),
  }),
);

it("whatever happens: no quota is passed, a code has one target and a target of a key one code, no call counts twice", () => {
  fc.assert(
    fc.property(
      fc.array(happening, { minLength: 30, maxLength: 120 }),
      fc.infiniteStream(fc.nat(15)),
      (happenings, random) => {
        const store = nodeSql();
        try {
          const drawn = random[Symbol.iterator]();
          // So few codes that they would collide.
          const world = new GatewayBook(store, () => (drawn.next().value ?? 0) / 1_000_000);
          let now = NOVEMBER;
          for (const name of ["k0", "k1", "k2"]) world.putKey(name, name, 800);
          const highest = new Map<string, number>();
          const codes: string[] = [];
          const counted = new Set<string>();
          const count = (callId: string, took: number | null) => {
            if (took === null) return;
            expect(counted.has(callId)).toBe(false);
            expect(took).toBeGreaterThanOrEqual(0);
            counted.add(callId);
          };
          for (const it of happenings) {
            if (it.what === "register") {
              const done = world.register(`k${it.key}`, { ...HOST, target: `t${it.target}.example` }, now);
              if (done.ok) codes.push(done.code);
            }
            const code = "code" in it ? (codes[it.code % codes.length] ?? "999999") : "";
            const callId = "call" in it ? `CA${it.call}` : "";
            if (it.what === "unregister") world.unregister(`k${it.key}`, code);
            if (it.what === "enter") {
              world.enter({ callId, provider: "plivo", caller: callId, code, maxSeconds: it.maxSeconds }, now);
            }
            if (it.what === "session") world.session(callId, "echo", `s${it.sid}`, now);
            if (it.what === "end") count(callId, world.ended(callId, { atMs: now + it.late, lastedSeconds: it.told }));
            if (it.what === "session ends") count(callId, world.sessionEnded(callId, `s${it.sid}`, now));
            if (it.what === "time passes") now += it.seconds * 1_000;
            if (it.what === "quota") world.putKey(`k${it.key}`, `k${it.key}`, it.secondsPerMonth);
            const { keys, codes: listed } = world.overview(now);
            for (const { name, secondsPerMonth, usedSeconds, reservedSeconds } of keys) {
              // A quota may be made smaller than what was used of it.
              const quota = Math.max(highest.get(name) ?? 0, secondsPerMonth ?? Number.POSITIVE_INFINITY);
              highest.set(name, quota);
              expect(usedSeconds).toBeGreaterThanOrEqual(0);
              expect(usedSeconds + reservedSeconds).toBeLessThanOrEqual(quota);
            }
            expect(new Set(listed.map((one) => one.code)).size).toBe(listed.length);
            expect(new Set(listed.map((one) => `${one.key} ${one.target}`)).size).toBe(listed.length);
          }
        } finally {
          store.close();
        }
      },
    ),
    { numRuns: 150 },
  );
});

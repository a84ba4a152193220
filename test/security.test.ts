/** A hardened deployment, with real parts: what it keeps out, and that calls work in it. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { createJoinToken } from "../shared/join-token.ts";
import { Caller, type CallerOptions } from "./support/caller.ts";
import { type NodeHandle, Stack, until } from "./support/stack.ts";

const TOKEN_SECRET = "a secret of the tests, long enough";

let stack: Stack;
let node: NodeHandle;
beforeAll(async () => {
  stack = await Stack.start("test/fixtures/streams.ts", {
    EDGERTC_STRICT: "true",
    EDGERTC_REQUIRE_TOKEN: "true",
    EDGERTC_TOKEN_SECRET: TOKEN_SECRET,
    EDGERTC_ALLOWED_ORIGINS: "https://app.example",
  });
  node = await stack.startNode({ args: ["--private-candidates", "refuse"] });
});
afterAll(() => stack.stop());

async function call(options: Partial<CallerOptions>, check: (caller: Caller) => Promise<void>): Promise<void> {
  const caller = new Caller({ url: stack.url, path: "/echo", ...options });
  try {
    await check(caller);
  } finally {
    await caller.vanish();
  }
}

const errorOf = ({ status, body }: { status: number; body: Record<string, unknown> }) => [status, body["meta"]];

it("connects a call with a token, though the node sends no checks to the caller's private addresses", async () => {
  const token = await createJoinToken({ secret: TOKEN_SECRET, stream: "echo", timeLimit: 1 });
  await call({ token, hello: true }, async (caller) => {
    const { status, body } = await caller.offer();
    expect([status, body["type"], typeof body["session_secret"]]).toEqual([200, "answer", "string"]);
    await until(() => caller.state === "connected");
    // The stream itself has another limit, or none: this one is the token's.
    await until(() => caller.messages.some(({ type }) => type === "session"));
    expect(caller.messages.find(({ type }) => type === "session")).toMatchObject({ data: { timeLimitMs: 1_000 } });
    await until(() =>
      caller.messages.some(({ type, data }) => type === "bye" && JSON.stringify(data).includes("time_limit")),
    );
  });
  await call({ token }, async (caller) => {
    expect(errorOf(await caller.offer())).toMatchObject([409, { error: "token_used" }]);
  });
});

it("refuses a call without a token, and pages of other origins", async () => {
  await call({}, async (caller) => {
    expect(errorOf(await caller.offer())).toMatchObject([401, { error: "token_required" }]);
  });
  const page = await fetch(`${stack.url}/echo/config`, { headers: { origin: "https://evil.example" } });
  expect([page.status, page.headers.get("access-control-allow-origin")]).toEqual([403, null]);
});

it("has no secret in any log: not the nodes', not the tokens', not the sessions'", async () => {
  const token = await createJoinToken({ secret: TOKEN_SECRET, stream: "echo" });
  let secret = "";
  await call({ token }, async (caller) => {
    secret = String((await caller.offer()).body["session_secret"]);
    await until(() => caller.state === "connected");
    const bad = await fetch(`${stack.url}/echo/outputs?webrtc_id=${caller.clientId}&session_secret=${secret}x`);
    expect(bad.status).toBe(401);
  });
  const logs = [...stack.edgeLog, node.log()].join("\n");
  expect(logs).toContain("node_up");
  for (const hidden of [Stack.secret, TOKEN_SECRET, token, secret]) expect(logs).not.toContain(hidden);
});

/** The telephone gateway at the edge: three providers' requests, registering as FastRTC's client does, and what is counted. */
import { createExecutionContext, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as v from "valibot";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NODE_ID_HEADER, NODE_MEDIA_PATH } from "../../shared/link.ts";
import type { TelephoneProvider } from "../../shared/telephone/call-message.ts";
import { createApp } from "../app.ts";
import type { Env } from "../env.ts";
import { RESUME_GRACE_MS } from "../objects/gateway.ts";
import { documented } from "../testing/documented.ts";
import { descriptor, FakeNode, TEST_SECRET } from "../testing/fake-node.ts";
import { rowsWritten } from "../testing/rows-written.ts";
import { callForm, endForm, type Signer, signerFor } from "../testing/signed-requests.ts";

// Objects run in this isolate: its clock is theirs.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: Date.now() }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const PROVIDERS = ["twilio", "telnyx", "plivo"] as const;
const NUMBER = "+18005551212";
const GATEWAY = "https://phone.example/telephone/gateway";
const gateway = () => env.GATEWAY?.getByName("default") ?? raise();
const raise = (): never => {
  throw new Error("no binding");
};
const pass = (ms: number) => void vi.setSystemTime(Date.now() + ms);

async function send(request: Request, variables: Partial<Env> = {}) {
  const bindings = { ...env, EDGERTC_GATEWAY_NUMBER: NUMBER, ...variables };
  const { method, url } = request;
  const response = await documented(
    method,
    url,
    await createApp().request(request, {}, bindings, createExecutionContext()),
  );
  const text = await response.text();
  return { status: response.status, text, json: () => JSON.parse(text) as unknown };
}

const json = (url: string, body: unknown, authorization?: string) =>
  new Request(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...(authorization === undefined ? {} : { authorization }) },
    body: JSON.stringify(body),
  });

const register = (body: unknown, authorization?: string) => send(json(`${GATEWAY}/register`, body, authorization));
const OPERATOR = env.EDGERTC_ADMIN_TOKEN ?? "";

async function admin(method: string, path: string, body?: unknown) {
  const init = {
    method,
    headers: { authorization: `Bearer ${OPERATOR}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
  return await send(new Request(`https://phone.example/admin/api/gateway${path}`, init));
}

const Coded = v.object({ code: v.string() });
const codeFor = async (body: unknown, authorization = OPERATOR) =>
  v.parse(Coded, (await register(body, authorization)).json()).code;
const Keyed = v.object({ key: v.string() });
const keyFor = async (name: string, secondsPerMonth?: number) =>
  v.parse(Keyed, (await admin("POST", "/keys", { name, secondsPerMonth })).json()).key;

const Keys = v.object({
  keys: v.array(v.object({ name: v.string(), usedSeconds: v.number(), reservedSeconds: v.number() })),
});
async function minutesOf(name: string) {
  const { keys } = v.parse(Keys, (await admin("GET", "")).json());
  const found = keys.find((key) => key.name === name);
  return { used: found?.usedSeconds, reserved: found?.reservedSeconds };
}

/** A call through the gateway, as its provider makes it. */
function caller(provider: TelephoneProvider, signer: Signer, callId: string) {
  const ask = async (url: string, more: Record<string, string> = {}) => {
    return await send(await signer.request(url, callForm(provider, callId, more)), signer.variables);
  };
  return {
    ask,
    type: (digits: string, tries = 1) => ask(`${GATEWAY}/code?try=${tries}`, digits === "" ? {} : { Digits: digits }),
    end: async (seconds: number) =>
      await send(await signer.request(`${GATEWAY}/status`, endForm(provider, callId, seconds)), signer.variables),
  };
}

const textOf = async (request: Request) => new TextDecoder().decode(await request.clone().arrayBuffer());
const unescaped = (text: string) => text.replaceAll("&amp;", "&");
const redirectIn = ({ text }: { text: string }) => unescaped(/<Redirect method="POST">([^<]+)</.exec(text)?.[1] ?? "");
const socketIn = ({ text }: { text: string }) => /wss:([^"<]+)/.exec(text)?.[1] ?? "";

/** A node that dials for each call's media. */
async function serving(name: string, options: Parameters<typeof descriptor>[1] = {}): Promise<FakeNode> {
  const streams = [descriptor(name, { concurrencyLimit: 5, ...options })];
  const node = await FakeNode.start({ nodeId: name, streams });
  node.onCommand = (command) => {
    const reply = node.accept(command);
    if (command.command === "offer_socket") {
      const { sid, stream, clientId } = command;
      const headers = { upgrade: "websocket", authorization: `Bearer ${TEST_SECRET}`, [NODE_ID_HEADER]: name };
      const url = `https://edge${NODE_MEDIA_PATH}?${new URLSearchParams({ sid, stream, clientId })}`;
      void (async () => (await createApp().request(url, { headers }, env)).webSocket?.accept())();
    }
    return reply;
  };
  return node;
}

async function open(socket: string, variables: Partial<Env>): Promise<number> {
  const request = new Request(`https:${socket}`, { headers: { upgrade: "websocket" } });
  const response = await createApp().request(request, {}, { ...env, ...variables }, createExecutionContext());
  response.webSocket?.accept();
  return response.status;
}

describe.each(PROVIDERS)("a call by %s", (provider) => {
  it("types a code, is connected to a stream of this edge for as long as it may last, and is counted when it ends", async () => {
    const name = `desk-${provider}`;
    const node = await serving(name);
    const signer = await signerFor(provider);
    const code = await codeFor({ stream: name });
    const call = caller(provider, signer, `call-${provider}`);
    const before = (await minutesOf("operator")).used ?? 0;

    const asked = await call.ask(`${GATEWAY}/incoming`, { CallStatus: "ringing" });
    expect(asked.text).toContain(provider === "plivo" ? "<GetDigits " : "<Gather ");
    expect(asked.text).toContain(
      `action="${GATEWAY}/code?try=1" method="POST" timeout="10" finishOnKey="#" numDigits="6"`,
    );
    expect(redirectIn(asked)).toBe(`${GATEWAY}/code?try=1`);

    const typed = await call.type(code);
    expect(redirectIn(typed)).toBe(`https://phone.example/${name}/telephone/incoming?gateway=1`);
    const connected = await call.ask(redirectIn(typed));
    expect(connected.text).toContain("Connecting to the AI assistant.");
    expect(await open(socketIn(connected), signer.variables)).toBe(101);
    expect(node.commands.at(-1)).toMatchObject({ command: "offer_socket", timeLimitMs: 600_000 });
    expect(await minutesOf("operator")).toMatchObject({ reserved: 600 });

    pass(90_000);
    expect((await call.end(95)).status).toBe(200);
    expect((await call.end(95)).status).toBe(200);
    expect(await minutesOf("operator")).toEqual({ used: before + 90, reserved: 0 });
    // The provider asks again for a call that is over.
    expect((await call.ask(redirectIn(typed))).text).toContain("no minutes left");
    node.drop();
  });

  it("may try three codes, and none", async () => {
    const signer = await signerFor(provider);
    const call = caller(provider, signer, `wrong-${provider}`);
    const first = await call.type("999999");
    expect(first.text).toContain("There is no such code. Please type");
    expect(redirectIn(first)).toBe(`${GATEWAY}/code?try=2`);
    const silent = await call.type("", 2);
    expect(silent.text).not.toContain("no such code");
    expect(redirectIn(silent)).toBe(`${GATEWAY}/code?try=3`);
    const last = await call.type("12#", 3);
    expect(last.text).toContain("Goodbye.");
    expect(last.text).toContain("<Hangup />");
    expect((await call.type("999999", 77)).text).toContain("<Hangup />");
  });

  it("is refused where somebody else signed it, or nobody", async () => {
    const signer = await signerFor(provider);
    for (const path of ["incoming", "code?try=1", "status"]) {
      const request = await signer.request(`${GATEWAY}/${path}`, callForm(provider, "stranger"));
      const unsigned = new Request(request.url, { method: "POST", body: await textOf(request) });
      expect((await send(unsigned, signer.variables)).status).toBe(403);
      const forged = new Request(request, { body: `${await textOf(request)}&Digits=123456` });
      expect((await send(forged, signer.variables)).status).toBe(403);
    }
  });
});

describe("a number that guesses", () => {
  it("is not listened to any more, in whatever call", async () => {
    const signer = await signerFor("twilio");
    const from = { From: "+14155550666" };
    const code = await codeFor({ url: "guessed.example" });
    const typed = (n: number, digits: string) =>
      caller("twilio", signer, `guess-${n}`).ask(`${GATEWAY}/code?try=1`, { ...from, Digits: digits });
    for (let n = 0; n < 10; n++) expect((await typed(n, "999998")).text).toContain("no such code");
    expect((await typed(10, code)).text).toContain("too many wrong codes");
  });
});

describe("registering", () => {
  it("is FastRTC's, with a bare key or a bearer's, and taken back with the code", async () => {
    const key = await keyFor("ann");
    const reply = await register({ url: "abc.gradio.live" }, key);
    expect(reply.status).toBe(200);
    expect(reply.json()).toEqual({
      code: expect.stringMatching(/^\d{6}$/),
      phone: NUMBER,
      reset_date: expect.stringMatching(/^\d{4}-\d{2}-01$/),
      time_remaining: 600,
    });
    const { code } = v.parse(Coded, reply.json());
    expect(await codeFor({ url: "abc.gradio.live" }, `Bearer ${key}`)).toBe(code);
    const unregister = () => send(json(`${GATEWAY}/unregister`, { url: "abc.gradio.live", code }, key));
    expect((await unregister()).status).toBe(200);
    expect((await unregister()).json()).toMatchObject({ meta: { error: "unknown_code" } });
  });

  it("leads calls' audio to the host of a key, and never its instructions: those could dial anybody", async () => {
    const key = await keyFor("bob", 1_200);
    const code = await codeFor({ url: "def.gradio.live/voice" }, key);
    const twilio = await caller("twilio", await signerFor("twilio"), "to-bob").type(code);
    expect(twilio.text).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Response><Say>Connecting to the AI assistant.</Say><Connect><Stream url="wss://def.gradio.live/voice/telephone/handler" /></Connect><Say>The call has been disconnected.</Say></Response>',
    );
    const plivo = await caller("plivo", await signerFor("plivo"), "to-bob-by-plivo").type(code);
    expect(plivo.text).toContain(">wss://def.gradio.live/voice/telephone/handler</Stream>");
  });

  it("of an operator's own host hands the call over to it", async () => {
    const code = await codeFor({ url: "edge-two.example/desk" });
    const ask = async (provider: TelephoneProvider) => {
      const call = caller(provider, await signerFor(provider), `over-${provider}`);
      const typed = redirectIn(await call.type(code));
      await call.end(1);
      return typed;
    };
    expect(await ask("twilio")).toBe("https://edge-two.example/desk/telephone/incoming");
    expect(await ask("plivo")).toBe("https://edge-two.example/desk/telephone/incoming?provider=plivo");
  });

  it("needs a key that is known, and is an operator's for streams of the edge", async () => {
    const key = await keyFor("carol");
    const refusal = async (body: unknown, authorization?: string) => {
      const { status, json: body_ } = await register(body, authorization);
      return [status, v.parse(v.object({ meta: v.object({ error: v.string() }) }), body_()).meta.error];
    };
    expect(await refusal({ url: "a.example" })).toEqual([401, "gateway_unauthorized"]);
    expect(await refusal({ url: "a.example" }, "gk_guessed")).toEqual([401, "gateway_unauthorized"]);
    expect(await refusal({ stream: "desk" }, key)).toEqual([401, "gateway_unauthorized"]);
    expect(await refusal({ stream: "nobodys" }, OPERATOR)).toEqual([404, "unknown_stream"]);
    for (const body of [{}, { url: "127.0.0.1" }, { url: "localhost:8787" }, { url: '"/><Dial>' }, []]) {
      expect(await refusal(body, key)).toEqual([422, "invalid_request"]);
    }
    expect(await refusal({ url: "x".repeat(5_000) }, key)).toEqual([413, "body_too_large"]);
  });

  it("is answered with 202 where the month's minutes are used up, and calls are refused", async () => {
    const key = await keyFor("dora", 30);
    const code = await codeFor({ url: "dora.gradio.live" }, key);
    const call = caller("twilio", await signerFor("twilio"), "dora-1");
    expect((await call.type(code)).text).toContain("wss://dora.gradio.live");
    pass(45_000);
    await call.end(60);
    expect(await minutesOf("dora")).toEqual({ used: 30, reserved: 0 });
    expect((await register({ url: "dora.gradio.live" }, key)).status).toBe(202);
    const second = await caller("twilio", await signerFor("twilio"), "dora-2").type(code);
    expect(second.text).toContain("no minutes left");
  });
});

describe("a call that no provider reports the end of", () => {
  it("ends with its session, if that is not followed by another", async () => {
    const node = await serving("quiet");
    const code = await codeFor({ stream: "quiet" });
    const signer = await signerFor("twilio");
    const call = caller("twilio", signer, "quiet-call");
    const before = (await minutesOf("operator")).used ?? 0;
    await open(socketIn(await call.ask(redirectIn(await call.type(code)))), signer.variables);
    const { sid } = node.sessions[0] ?? raise();
    await node.connected(sid);
    pass(40_000);
    await runDurableObjectAlarm(gateway());
    expect(await minutesOf("operator")).toEqual({ used: before, reserved: 600 });
    // Whatever the object knew beside its rows is gone.
    await evictDurableObject(gateway());
    await node.ended(sid, "client_closed");
    pass(RESUME_GRACE_MS - 1_000);
    await runDurableObjectAlarm(gateway());
    expect(await minutesOf("operator")).toEqual({ used: before, reserved: 600 });
    pass(1_000);
    await runDurableObjectAlarm(gateway());
    expect(await minutesOf("operator")).toEqual({ used: before + 40, reserved: 0 });
    // Whatever the provider says then was counted.
    await call.end(70);
    expect(await minutesOf("operator")).toEqual({ used: before + 40, reserved: 0 });
    node.drop();
  });

  it("goes on while it waits in line for its next turn", async () => {
    const node = await serving("turn-taker", {
      timeLimit: 60,
      queue: { maxLength: 5, ticketTtlMs: 30_000, rejoin: true },
    });
    const signer = await signerFor("twilio");
    const call = caller("twilio", signer, "turn-call");
    const connected = await call.ask(redirectIn(await call.type(await codeFor({ stream: "turn-taker" }))));
    await open(socketIn(connected), signer.variables);
    const { sid } = node.sessions[0] ?? raise();
    await node.connected(sid);
    await env.STREAM.getByName("default/turn-taker").setLimit({ v: 3, limit: 0 });
    pass(60_000);
    await node.ended(sid, "time_limit");
    const waits = await call.ask(redirectIn(connected));
    expect(waits.text).toContain("Your time is up. You are next in line.");
    pass(RESUME_GRACE_MS + 1_000);
    await runDurableObjectAlarm(gateway());
    expect(await minutesOf("operator")).toMatchObject({ reserved: 600 });
    await env.STREAM.getByName("default/turn-taker").setLimit({ v: 3, limit: null });
    expect(await open(socketIn(await call.ask(redirectIn(waits))), signer.variables)).toBe(101);
    expect(node.commands.at(-1)).toMatchObject({ resumes: sid, timeLimitMs: 519_000 });
    await call.end(90);
    node.drop();
  });

  it("goes on while it waits for its first turn, also where admission is what finds every slot taken", async () => {
    const name = "straight-turn";
    const node = await serving(name, { queue: { maxLength: 5, ticketTtlMs: 60_000, rejoin: false } });
    node.onCommand = () => ({ ok: true, socketUrl: "wss://node.example/media/abc" });
    const limit = (slots: number | null) => env.STREAM.getByName(`default/${name}`).setLimit({ v: 3, limit: slots });
    await limit(0);
    const { request, variables } = await signerFor("twilio");
    const signer = { request, variables: { ...variables, EDGERTC_TELEPHONE_MEDIA: "node" } };
    const call = caller("twilio", signer, "straight-call");
    let waits = await call.ask(redirectIn(await call.type(await codeFor({ stream: name }))));
    expect(waits.text).toContain("You are next in line.");
    for (let n = 0; n < 8; n++) {
      pass(25_000);
      await runDurableObjectAlarm(gateway());
      waits = await call.ask(redirectIn(waits));
    }
    expect(await minutesOf("operator")).toMatchObject({ reserved: 600 });
    await limit(null);
    expect((await call.ask(redirectIn(waits))).text).toContain("wss://node.example/media/abc");
    await call.end(200);
    node.drop();
  });

  it("is looked after again where that failed once: a row of a newer build", async () => {
    const code = await codeFor({ url: "newer.example" });
    const callId = "newer-call";
    await gateway().enter({ v: 3, callId, provider: "twilio", caller: "", code, maxSeconds: 60 });
    const provider = (name: string) =>
      runInDurableObject(gateway(), (_, { storage }) => {
        storage.sql.exec("UPDATE calls SET provider = ? WHERE call_id = ?", name, callId);
      });
    await provider("carrier-pigeon");
    pass(60_000);
    await runDurableObjectAlarm(gateway());
    expect(await runInDurableObject(gateway(), (_, { storage }) => storage.getAlarm())).toBeGreaterThan(Date.now());
    await provider("twilio");
    await runDurableObjectAlarm(gateway());
    const { calls } = await gateway().overview({ v: 3 });
    expect(calls.filter((call) => call.callId === callId)).toEqual([]);
  });

  it("is asked about however many there are", async () => {
    const node = await serving("crowd");
    const code = await codeFor({ stream: "crowd" });
    const enter = async (n: number) => {
      const [callId, sid] = [`crowd-${n}`, `s_${String(n).padStart(32, "0")}`];
      await gateway().enter({ v: 3, callId, provider: "twilio", caller: "", code, maxSeconds: 600 });
      await gateway().session({ v: 3, callId, stream: "crowd", sid });
    };
    for (let n = 0; n < 501; n++) await enter(n);
    // Their sessions never began.
    pass(181_000);
    await runDurableObjectAlarm(gateway());
    const { calls } = await gateway().overview({ v: 3 });
    expect(calls.filter((call) => call.code === code)).toEqual([]);
    node.drop();
  });

  it("is hung up when its time is over, where it went to somebody else's host", async () => {
    const key = await keyFor("erin", 60);
    const code = await codeFor({ url: "erin.gradio.live" }, key);
    const asked: string[] = [];
    vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) => {
      asked.push(`${String(url)} ${String(init?.body)}`);
      return Response.json({ sid: "erin-call" });
    });
    await runInDurableObject(gateway(), (instance) => {
      const account = { TWILIO_ACCOUNT_SID: "AC1", TWILIO_AUTH_TOKEN: "token" };
      Reflect.set(instance, "env", { ...env, ...account });
    });
    await caller("twilio", await signerFor("twilio"), "erin-call").type(code);
    pass(59_000);
    await runDurableObjectAlarm(gateway());
    expect(asked).toEqual([]);
    pass(1_000);
    await runDurableObjectAlarm(gateway());
    expect(asked).toEqual(["https://api.twilio.com/2010-04-01/Accounts/AC1/Calls/erin-call.json Status=completed"]);
    expect(await minutesOf("erin")).toEqual({ used: 60, reserved: 0 });
    await runInDurableObject(gateway(), (instance) => void Reflect.set(instance, "env", env));
  });
});

it("a call costs four rows and the alarm's, however long it is and however often its provider repeats itself", async () => {
  const node = await serving("thrifty");
  const signer = await signerFor("twilio");
  const code = await codeFor({ stream: "thrifty" });
  const call = caller("twilio", signer, "thrifty-call");
  const written = await rowsWritten(gateway());
  for (let n = 0; n < 2; n++) await call.type(code);
  await open(socketIn(await call.ask(redirectIn(await call.type(code)))), signer.variables);
  pass(90_000);
  for (let n = 0; n < 3; n++) await call.end(90);
  // The call, its session, its end and its minutes.
  expect(written().rows).toBe(4);
  expect(written().alarms).toBeLessThanOrEqual(2);
  node.drop();
});

describe("operators", () => {
  it("see keys without their secrets, codes and calls, and take both back", async () => {
    const key = await keyFor("fred");
    const code = await codeFor({ url: "fred.gradio.live" }, key);
    const overview = await admin("GET", "");
    expect(overview.json()).toMatchObject({
      phone: NUMBER,
      codes: expect.arrayContaining([expect.objectContaining({ code })]),
    });
    expect(overview.text).not.toContain(key);
    expect((await admin("DELETE", `/codes/${code}`)).status).toBe(204);
    expect((await admin("DELETE", `/codes/${code}`)).status).toBe(404);
    expect((await admin("DELETE", "/codes/x")).status).toBe(404);
    expect((await admin("DELETE", "/keys/fred")).status).toBe(204);
    expect((await admin("DELETE", "/keys/fred")).status).toBe(404);
    expect((await register({ url: "fred.gradio.live" }, key)).status).toBe(401);
    expect((await admin("POST", "/keys", { name: "operator" })).status).toBe(422);
  });
});

describe("where there is no gateway", () => {
  it("none of its routes is there: without a number, or in a Worker without the object", async () => {
    const { GATEWAY: _, ...own } = env;
    for (const bindings of [
      { ...env, EDGERTC_GATEWAY_NUMBER: "" },
      { ...own, EDGERTC_GATEWAY_NUMBER: NUMBER },
    ]) {
      for (const path of ["incoming", "code", "status", "register", "unregister"]) {
        const response = await createApp().request(json(`${GATEWAY}/${path}`, {}), {}, bindings);
        expect([response.status, await response.json()]).toMatchObject([404, { meta: { error: "gateway_off" } }]);
      }
    }
  });

  it("and a call that claims to have come through it is not connected", async () => {
    const node = await serving("claimed");
    const { text } = await send(
      new Request("https://phone.example/claimed/telephone/incoming?gateway=1", {
        method: "POST",
        body: "CallSid=CA-none",
      }),
    );
    expect(text).toContain("no minutes left");
    node.drop();
  });
});

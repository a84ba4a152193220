/** Call instructions at the edge: what a provider is told when a call comes in, and who is one. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { NODE_ID_HEADER, NODE_MEDIA_PATH } from "../../shared/link.ts";
import { createApp } from "../app.ts";
import type { Env } from "../env.ts";
import { SDP } from "../testing/client.ts";
import { documented } from "../testing/documented.ts";
import { descriptor, FakeNode, TEST_SECRET } from "../testing/fake-node.ts";

const FORM = "CallSid=CA1&From=%2B14155550100&To=%2B14155550199";
const encoder = new TextEncoder();

interface Incoming {
  readonly url?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly variables?: Partial<Env>;
}

async function incoming(stream: string, { url, headers, body = FORM, variables = {} }: Incoming = {}) {
  const response = await createApp().request(
    url ?? `https://phone.example/${stream}/telephone/incoming`,
    { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded", ...headers }, body },
    { ...env, ...variables },
  );
  await documented("POST", url ?? `/${stream}/telephone/incoming`, response);
  return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
}

async function twilioSignature(token: string, url: string, body = FORM): Promise<Record<string, string>> {
  const fields = [...new URLSearchParams(body)].sort(([a], [b]) => (a < b ? -1 : 1)).flat();
  const key = await crypto.subtle.importKey("raw", encoder.encode(token), { name: "HMAC", hash: "SHA-1" }, false, [
    "sign",
  ]);
  const mac = await crypto.subtle.sign("HMAC", key, encoder.encode(`${url}${fields.join("")}`));
  return { "x-twilio-signature": btoa(String.fromCharCode(...new Uint8Array(mac))) };
}

const serving = (name: string, options: Parameters<typeof descriptor>[1] = {}) =>
  FakeNode.start({ nodeId: name, streams: [descriptor(name, options)] });

describe("POST /telephone/incoming", () => {
  it("row 35: answers with FastRTC's TwiML to the byte, wss and the host without a port", async () => {
    const node = await serving("ring");
    for (const url of [
      "https://phone.example/ring/telephone/incoming",
      "http://phone.example:8787/ring/telephone/incoming",
    ]) {
      expect(await incoming("ring", { url, body: "anything at all" })).toEqual({
        status: 200,
        type: "application/xml",
        text: '<?xml version="1.0" encoding="UTF-8"?><Response><Say>Connecting to the AI assistant.</Say><Connect><Stream url="wss://phone.example/ring/telephone/handler" /></Connect><Say>The call has been disconnected.</Say></Response>',
      });
    }
    node.drop();
  });

  it("answers each provider in its own words", async () => {
    const node = await serving("words");
    const url = "https://phone.example/words/telephone/incoming";
    expect((await incoming("words", { url: `${url}?provider=plivo` })).text).toContain("<Stream bidirectional");
    expect((await incoming("words", { headers: { "x-plivo-signature-v3": "x" } })).text).toContain(
      "<Stream bidirectional",
    );
    expect((await incoming("words", { headers: { "telnyx-signature-ed25519": "x" } })).text).toContain(
      "bidirectionalMode",
    );
    expect((await incoming("words", { url: `${url}?provider=nobody` })).text).toContain("<Connect><Stream url=");
    node.drop();
  });

  it("says the operator's own sentences, or none", async () => {
    const node = await serving("polite");
    const variables = { EDGERTC_TELEPHONE_GREETING: "Hello & welcome.", EDGERTC_TELEPHONE_FAREWELL: "" };
    expect((await incoming("polite", { variables })).text).toContain(
      '<Response><Say>Hello &amp; welcome.</Say><Connect><Stream url="wss://phone.example/polite/telephone/handler" /></Connect></Response>',
    );
    node.drop();
  });

  it("row 38: says that all lines are busy where every slot is taken", async () => {
    const node = await serving("busy", { concurrencyLimit: 1 });
    const taken = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ sdp: SDP, type: "offer", webrtc_id: "a" }),
    };
    await createApp().request("/busy/webrtc/offer", taken, env);
    expect((await incoming("busy")).text).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><Response><Say>All lines are busy. Please try again later.</Say><Hangup /></Response>',
    );
    node.drop();
  });

  it("connects no call to a stream without sound, or to one that there is none of", async () => {
    const node = await serving("silent", { modality: "video" });
    expect((await incoming("silent")).text).toContain("not in service");
    expect((await incoming("nobodys")).status).toBe(404);
    node.drop();
  });

  it("refuses what is no request of a provider: too long, another method", async () => {
    const node = await serving("strangers");
    expect((await incoming("strangers", { body: "x".repeat(64 * 1024 + 1) })).status).toBe(413);
    const get = await createApp().request("/strangers/telephone/incoming", {}, env);
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
    node.drop();
  });

  it("is not there where the operator takes no calls", async () => {
    const node = await serving("none");
    expect((await incoming("none", { variables: { EDGERTC_TELEPHONE: "off" } })).status).toBe(404);
    node.drop();
  });
});

describe("with an account's secret", () => {
  const variables = { TWILIO_AUTH_TOKEN: "12345" };
  const url = "https://phone.example/signed/telephone/incoming";

  it("takes requests that are signed with it, gives their media a ticket, and refuses any other", async () => {
    const node = await serving("signed");
    const signed = await incoming("signed", { variables, headers: await twilioSignature("12345", url) });
    expect(signed.status).toBe(200);
    expect(signed.text).toMatch(
      /<Stream url="wss:\/\/phone\.example\/signed\/telephone\/handler\/[\w-]+\.[\w-]+\.[\w-]+">/,
    );
    expect(signed.text).toContain(
      '<Parameter name="from" value="14155550100" /><Parameter name="to" value="14155550199" />',
    );
    expect((await incoming("signed", { variables })).status).toBe(403);
    expect((await incoming("signed", { variables, headers: await twilioSignature("12346", url) })).status).toBe(403);
    expect((await incoming("signed", { variables, headers: { "x-plivo-signature-v3": "AAAA" } })).status).toBe(403);
    node.drop();
  });

  it("does not check where the operator says so, and takes nothing unsigned where the edge is strict", async () => {
    const node = await serving("relaxed");
    expect((await incoming("relaxed", { variables: { ...variables, EDGERTC_TELEPHONE: "open" } })).status).toBe(200);
    expect((await incoming("relaxed", { variables: { EDGERTC_STRICT: "true" } })).status).toBe(403);
    node.drop();
  });

  it("a stream that requires tokens takes signed calls only", async () => {
    const node = await serving("members", { requireToken: true });
    expect((await incoming("members")).status).toBe(401);
    const own = "https://phone.example/members/telephone/incoming";
    expect((await incoming("members", { variables, headers: await twilioSignature("12345", own) })).status).toBe(200);
    node.drop();
  });
});

/** A node that dials for each call's media, as one does that nobody can reach. */
async function dialling(name: string, options: Parameters<typeof descriptor>[1] = {}): Promise<FakeNode> {
  const node = await serving(name, options);
  node.onCommand = (command) => {
    const reply = node.accept(command);
    if (command.command === "offer_socket") {
      const { sid, stream, clientId } = command;
      const headers = { upgrade: "websocket", authorization: `Bearer ${TEST_SECRET}`, [NODE_ID_HEADER]: name };
      const url = `https://edge${NODE_MEDIA_PATH}?${new URLSearchParams({ sid, stream, clientId })}`;
      void exports.default.fetch(url, { headers }).then((response) => response.webSocket?.accept());
    }
    return reply;
  };
  return node;
}

describe("WS /telephone/handler", () => {
  async function dial(path: string, variables: Partial<Env> = {}, upgrade = "websocket") {
    const context = createExecutionContext();
    const request = new Request(`https://phone.example${path}`, { headers: { upgrade } });
    const response = await createApp().request(request, {}, { ...env, ...variables }, context);
    response.webSocket?.accept();
    return response;
  }

  const ticketIn = ({ text }: { text: string }) => /handler(\/[^"]+)"/.exec(text)?.[1] ?? "none";

  it("row 38: takes a slot of the stream's one pool, and is no WebSocket where there is none", async () => {
    const node = await dialling("pool", { concurrencyLimit: 1 });
    expect((await dial("/pool/telephone/handler")).status).toBe(101);
    expect(node.sessions).toHaveLength(1);
    const refused = await dial("/pool/telephone/handler");
    expect([refused.status, refused.webSocket]).toEqual([503, null]);
    expect(await refused.json()).toMatchObject({ meta: { error: "concurrency_limit_reached", limit: 1 } });
    node.drop();
  });

  it("needs the ticket of the call's instructions where those are signed for, and takes it once", async () => {
    const node = await dialling("tickets", { concurrencyLimit: 5 });
    const variables = { TWILIO_AUTH_TOKEN: "12345" };
    const url = "https://phone.example/tickets/telephone/incoming";
    const ticket = ticketIn(await incoming("tickets", { variables, headers: await twilioSignature("12345", url) }));
    expect((await dial("/tickets/telephone/handler", variables)).status).toBe(403);
    expect((await dial(`/tickets/telephone/handler${ticket}x`, variables)).status).toBe(403);
    expect((await dial(`/tickets/telephone/handler${ticket}`, variables)).status).toBe(101);
    const again = await dial(`/tickets/telephone/handler${ticket}`, variables);
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ meta: { error: "token_used" } });
    node.drop();
  });

  it("takes no ticket of another stream", async () => {
    const node = await FakeNode.start({ nodeId: "two", streams: [descriptor("one"), descriptor("other")] });
    const variables = { TWILIO_AUTH_TOKEN: "12345" };
    const url = "https://phone.example/one/telephone/incoming";
    const ticket = ticketIn(await incoming("one", { variables, headers: await twilioSignature("12345", url) }));
    expect((await dial(`/other/telephone/handler${ticket}`, variables)).status).toBe(403);
    node.drop();
  });

  it("is nothing but a WebSocket, and of no stream that is not there or has no sound", async () => {
    const node = await FakeNode.start({
      nodeId: "odd",
      streams: [descriptor("odd"), descriptor("film", { modality: "video" })],
    });
    expect((await dial("/odd/telephone/handler", {}, "h2c")).status).toBe(426);
    expect((await dial("/film/telephone/handler")).status).toBe(400);
    expect((await dial("/nowhere/telephone/handler")).status).toBe(404);
    expect((await dial("/odd/telephone/handler", { EDGERTC_TELEPHONE: "off" })).status).toBe(404);
    node.drop();
  });
});

describe("where the operator has media go straight to the nodes", () => {
  const variables = { EDGERTC_TELEPHONE_MEDIA: "node" };

  it("instructions lead to the node that has the call's slot, with its own ticket", async () => {
    const node = await serving("straight", { concurrencyLimit: 1 });
    node.onCommand = (command) => {
      const reply = node.accept(command);
      return command.command === "offer_socket" ? { ok: true, socketUrl: "wss://node.example/media/abc" } : reply;
    };
    expect((await incoming("straight", { variables })).text).toContain('<Stream url="wss://node.example/media/abc" />');
    expect(node.sessions).toHaveLength(1);
    expect((await incoming("straight", { variables })).text).toContain("All lines are busy");
    node.drop();
  });

  it("a node without a public address takes no calls, and keeps no slot", async () => {
    const node = await dialling("hidden", { concurrencyLimit: 1 });
    const context = createExecutionContext();
    const response = await createApp().request(
      "https://phone.example/hidden/telephone/incoming",
      { method: "POST", body: FORM },
      { ...env, ...variables },
      context,
    );
    expect(await response.text()).toContain("not in service");
    await waitOnExecutionContext(context);
    expect(node.sessions).toEqual([]);
    node.drop();
  });
});

describe("a call whose media is cut, where the operator wants it to go on", () => {
  const variables = { EDGERTC_TELEPHONE_RESUME: "true" };
  const address = (text: string) =>
    /<Redirect method="POST">([^<]+)</.exec(text)?.[1]?.replaceAll("&amp;", "&") ?? "none";

  async function handler(text: string) {
    const url = /<Stream url="wss:([^"]+)"/.exec(text)?.[1] ?? "none";
    const request = new Request(`https:${url}`, { headers: { upgrade: "websocket" } });
    const response = await createApp().request(request, {}, { ...env, ...variables }, createExecutionContext());
    response.webSocket?.accept();
    return response.status;
  }

  it("is connected again, without a greeting, and the node is told which session it had", async () => {
    const node = await dialling("cut", { concurrencyLimit: 5 });
    const first = (await incoming("cut", { variables })).text;
    expect(first).toContain("<Say>Connecting");
    expect(first).not.toContain("disconnected");
    expect(await handler(first)).toBe(101);
    const { sid } = node.sessions[0] ?? { sid: "" };
    expect(address(first)).toBe(`https://phone.example/cut/telephone/incoming?after=${sid}&resumes=1`);
    await node.ended(sid, "client_closed");
    const second = (await incoming("cut", { url: address(first), variables })).text;
    expect(second).not.toContain("<Say>");
    expect(await handler(second)).toBe(101);
    expect(node.commands.at(-1)).toMatchObject({ command: "offer_socket", resumes: sid });
    node.drop();
  });

  it.each(["handler_closed", "time_limit", "ended_by_edge"] as const)(
    "ends with the farewell after %s",
    async (reason) => {
      const node = await dialling(`meant-${reason}`);
      const first = (await incoming(`meant-${reason}`, { variables })).text;
      await handler(first);
      await node.ended(node.sessions[0]?.sid ?? "", reason);
      const second = (await incoming(`meant-${reason}`, { url: address(first), variables })).text;
      expect(second).toContain("<Say>The call has been disconnected.</Say><Hangup />");
      node.drop();
    },
  );

  it("is decided when the node has reported the end, which the provider may be faster than", async () => {
    const node = await dialling("racing");
    const first = (await incoming("racing", { variables })).text;
    await handler(first);
    const asked = incoming("racing", { url: address(first), variables });
    await node.ended(node.sessions[0]?.sid ?? "", "handler_closed");
    expect((await asked).text).toContain("<Hangup />");
    node.drop();
  });

  it("is given up after five times", async () => {
    const node = await serving("broken", { concurrencyLimit: 5 });
    let { text } = await incoming("broken", { variables });
    for (let i = 0; i < 5; i++) {
      text = (await incoming("broken", { url: address(text), variables })).text;
      expect(text).toContain("<Stream");
    }
    expect((await incoming("broken", { url: address(text), variables })).text).toContain("<Hangup />");
    node.drop();
  });
});

/** How often one address may ask. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { createApp } from "../app.ts";
import { CANDIDATE, SDP } from "../testing/client.ts";
import { descriptor, FakeNode } from "../testing/fake-node.ts";
import { callForm, signerFor } from "../testing/signed-requests.ts";

/** A limiter as the platform's, with no time passing. */
function limiter(limit: number): RateLimit & { readonly keys: string[] } {
  const keys: string[] = [];
  return {
    keys,
    limit: async ({ key }) => {
      keys.push(key);
      return { success: keys.filter((other) => other === key).length <= limit };
    },
  };
}

async function post(body: object, address: string | null, limiters: object): Promise<[number, string | null]> {
  const headers = {
    "content-type": "application/json",
    ...(address === null ? {} : { "cf-connecting-ip": address }),
  };
  const init = { method: "POST", headers, body: JSON.stringify(body) };
  const response = await createApp().request("/rates/webrtc/offer", init, { ...env, ...limiters });
  await response.body?.cancel();
  return [response.status, response.headers.get("retry-after")];
}

it("limits the offers of an address, says when to come back, and leaves other addresses alone", async () => {
  const node = await FakeNode.start({ nodeId: "rates", streams: [descriptor("rates", { concurrencyLimit: 20 })] });
  const OFFER_LIMITER = limiter(2);
  const REQUEST_LIMITER = limiter(1);
  const offer = (id: string, address: string | null) =>
    post({ sdp: SDP, type: "offer", webrtc_id: id }, address, { OFFER_LIMITER, REQUEST_LIMITER });
  expect((await offer("a", "9.9.9.1"))[0]).toBe(200);
  expect((await offer("b", "9.9.9.1"))[0]).toBe(200);
  expect(await offer("c", "9.9.9.1")).toEqual([429, "60"]);
  expect((await offer("c", "9.9.9.2"))[0]).toBe(200);
  // A client owns all of its /64.
  await offer("d", "2606:4700::1");
  await offer("e", "2606:4700::2");
  expect((await offer("f", "2606:4700::3"))[0]).toBe(429);
  // No platform in front: a developer's machine.
  for (const id of ["g", "h", "i"]) expect((await offer(id, null))[0]).toBe(200);
  for (const id of ["j", "k", "l"]) expect((await offer(id, "127.0.0.1"))[0]).toBe(200);
  expect(REQUEST_LIMITER.keys).toEqual([]);
  const commands = node.commands.length;
  const trickle = () =>
    post({ candidate: CANDIDATE, type: "ice-candidate", webrtc_id: "a" }, "9.9.9.1", {
      OFFER_LIMITER,
      REQUEST_LIMITER,
    });
  expect((await trickle())[0]).toBe(200);
  expect((await trickle())[0]).toBe(429);
  expect(node.commands).toHaveLength(commands + 1);
  node.drop();
});

it("limits questions about sessions and places in line, too", async () => {
  const node = await FakeNode.start({ nodeId: "asks", streams: [descriptor("asks")] });
  for (const path of ["outputs?webrtc_id=a", "sessions/a", `queue/q_${"0".repeat(32)}`]) {
    const bindings = { ...env, REQUEST_LIMITER: limiter(0) };
    const headers = { "cf-connecting-ip": "9.9.9.9" };
    const response = await createApp().request(`/asks/${path}`, { headers }, bindings);
    expect(response.status).toBe(429);
    await response.body?.cancel();
  }
  node.drop();
});

it("limits a telephone provider's requests where nobody signed them, and who waits in line by what it may ask", async () => {
  const queue = { maxLength: 5, ticketTtlMs: 30_000, rejoin: false };
  const node = await FakeNode.start({ nodeId: "rings", streams: [descriptor("rings", { queue })] });
  const { variables, request } = await signerFor("twilio");
  const bindings = { ...env, OFFER_LIMITER: limiter(0), REQUEST_LIMITER: limiter(1), EDGERTC_GATEWAY_NUMBER: "+1800" };
  const ask = async (path: string, signing: object) => {
    const signed = await request(`https://phone.example${path}`, callForm("twilio", "CA1"));
    signed.headers.set("cf-connecting-ip", "9.9.9.9");
    const response = await createApp().request(signed, {}, { ...bindings, ...signing }, createExecutionContext());
    place = /place=q_[0-9a-f]{32}/.exec(await response.text())?.[0] ?? place;
    return response.status;
  };
  let place = "none";
  const incoming = "/rings/telephone/incoming";
  expect(await ask(incoming, {})).toBe(429);
  await env.STREAM.getByName("default/rings").setLimit({ v: 3, limit: 0 });
  expect(await ask(incoming, variables)).toBe(200);
  expect(await ask(`${incoming}?${place}`, {})).toBe(200);
  // A place that nobody has is no way past the other limit.
  bindings.REQUEST_LIMITER = limiter(1);
  expect(await ask(`${incoming}?place=q_${"0".repeat(32)}`, {})).toBe(429);
  bindings.REQUEST_LIMITER = limiter(0);
  expect(await ask("/telephone/gateway/incoming", {})).toBe(429);
  // A provider has few addresses for all of its callers.
  for (const path of [incoming, "/telephone/gateway/incoming"]) expect(await ask(path, variables)).toBe(200);
  expect(await ask(incoming, { TWILIO_AUTH_TOKEN: "another" })).toBe(429);
  const register = new Request("https://phone.example/telephone/gateway/register", {
    method: "POST",
    headers: { authorization: "gk_guessed", "cf-connecting-ip": "9.9.9.9" },
    body: '{"url":"abc.gradio.live"}',
  });
  expect((await createApp().request(register, {}, bindings)).status).toBe(429);
  node.drop();
});

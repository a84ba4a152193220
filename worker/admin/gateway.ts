/** What operators do with the telephone gateway: keys, and whatever is registered. */
import type { Context } from "hono";
import * as v from "valibot";
import { GatewayCode, GatewayKeyRequest } from "../../shared/telephone/gateway.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { gatewayOf } from "../env.ts";
import { log } from "../log.ts";
import { callObject } from "../objects/call.ts";
import { refuse } from "../routes/reply.ts";
import type { EdgeEnv } from "../routes/types.ts";
import type { GatewayApi } from "../rpc.ts";
import { keyDigest, newGatewayKey } from "../telephone/gateway-key.ts";
import { bodyOf } from "./body.ts";

/** `GET /admin/api/gateway`: keys and what they have used, codes, calls. */
export async function getGateway(c: Context<EdgeEnv>): Promise<Response> {
  return await withGateway(c, async (gateway) => {
    const overview = await callObject(() => gateway().overview({ v: PROTOCOL_VERSION }));
    return c.json({ phone: c.env.EDGERTC_GATEWAY_NUMBER?.trim() ?? "", ...overview });
  });
}

/** `POST /admin/api/gateway/keys`: makes a key, or replaces one. It is told this once. */
export async function postGatewayKey(c: Context<EdgeEnv>): Promise<Response> {
  return await withGateway(c, async (gateway) => {
    const request = await bodyOf(c, GatewayKeyRequest, 'The body is {"name": "ann", "secondsPerMonth": 600}.');
    if (request instanceof Response) return request;
    const { name, secondsPerMonth } = request;
    const key = newGatewayKey();
    const digest = await keyDigest(key);
    if (!(await callObject(() => gateway().putKey({ v: PROTOCOL_VERSION, name, digest, secondsPerMonth })))) {
      return refuse("gateway_full");
    }
    log("info", "operator_makes_gateway_key", { name, secondsPerMonth });
    return c.json({ name, key, secondsPerMonth }, 201);
  });
}

/** `DELETE /admin/api/gateway/keys/<name>`: with its codes. */
export async function deleteGatewayKey(c: Context<EdgeEnv>): Promise<Response> {
  return await withGateway(c, async (gateway) => {
    const name = c.req.param("name") ?? "";
    const dropped = await callObject(() => gateway().dropKey({ v: PROTOCOL_VERSION, name }));
    return dropped ? c.body(null, 204) : refuse("unknown_gateway_key");
  });
}

/** `DELETE /admin/api/gateway/codes/<code>`: whoever's it is. */
export async function deleteGatewayCode(c: Context<EdgeEnv>): Promise<Response> {
  return await withGateway(c, async (gateway) => {
    const code = v.safeParse(GatewayCode, c.req.param("code"));
    if (!code.success) return refuse("unknown_code");
    const request = { v: PROTOCOL_VERSION, digest: null, code: code.output };
    return (await callObject(() => gateway().unregister(request))) === true
      ? c.body(null, 204)
      : refuse("unknown_code");
  });
}

async function withGateway(
  { env }: Context<EdgeEnv>,
  act: (gateway: () => GatewayApi) => Promise<Response>,
): Promise<Response> {
  const first = gatewayOf(env);
  return first === null ? refuse("gateway_off") : await act(() => gatewayOf(env) ?? first);
}

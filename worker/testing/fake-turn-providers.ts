/**
 * The TURN providers' services as they are documented, for tests: hand {@link FakeTurnProviders.fetch} to a provider or to
 * `createApp({ turn: { fetch } })`. Requests are judged as the services judge them; replies have their format to the field.
 */
import * as v from "valibot";
import type { ProviderFetch } from "../turn/call-provider.ts";

export const CLOUDFLARE_KEY = { keyId: "key-id-0123456789abcdef", apiToken: "cloudflare-api-token-secret" };
export const HF_TOKEN = "hf_huggingFaceTokenSecret";
export const TWILIO_ACCOUNT = {
  accountSid: "AC0123456789abcdef0123456789abcdef",
  authToken: "twilio-auth-token-secret",
};

const CLOUDFLARE_URL = `https://rtc.live.cloudflare.com/v1/turn/keys/${CLOUDFLARE_KEY.keyId}/credentials/generate-ice-servers`;
const HF_URL = "https://turn.fastrtc.org/credentials";
const TWILIO_URL = `https://api.twilio.com/2010-04-01/Accounts/${TWILIO_ACCOUNT.accountSid}/Tokens.json`;
const CLOUDFLARE_MAX_TTL = 172_800;
const TWILIO_MAX_TTL = 86_400;

export interface SeenRequest {
  readonly url: string;
  readonly ttlSeconds: number;
}

export class FakeTurnProviders {
  /** Requests that were granted, in order. */
  readonly seen: SeenRequest[] = [];
  /** What the next requests get instead; null for the service's own reply. */
  failure: (() => Response | Promise<Response>) | null = null;
  #minted = 0;

  readonly fetch: ProviderFetch = async (url, init) => {
    const signal = init.signal ?? null;
    if (this.failure !== null) return await Promise.race([this.failure(), aborted(signal)]);
    const request = new Request(url, { ...init, signal: null });
    if (url === CLOUDFLARE_URL) return this.#cloudflare(request);
    if (url.split("?")[0] === HF_URL) return this.#huggingFace(request);
    if (url === TWILIO_URL) return this.#twilio(request);
    return Response.json({ errors: [{ code: 10000, message: "not found" }] }, { status: 404 });
  };

  /** `{iceServers: [stun, turn]}`, 201; the URLs of the documentation's example, port 53 included. */
  async #cloudflare(request: Request): Promise<Response> {
    if (request.method !== "POST") return new Response("Method Not Allowed", { status: 405 });
    if (request.headers.get("authorization") !== `Bearer ${CLOUDFLARE_KEY.apiToken}`) {
      return Response.json({ errors: [{ code: 10000, message: "Authentication error" }] }, { status: 401 });
    }
    const body = v.safeParse(v.object({ ttl: v.pipe(v.number(), v.integer()) }), await request.json());
    if (!body.success || body.output.ttl > CLOUDFLARE_MAX_TTL) {
      return Response.json({ errors: [{ code: 10001, message: "Invalid ttl" }] }, { status: 400 });
    }
    return Response.json(this.#cloudflareServers(request.url, body.output.ttl), { status: 201 });
  }

  /** Passes Cloudflare's reply on, 200. */
  async #huggingFace(request: Request): Promise<Response> {
    if (request.headers.get("authorization") !== `Bearer ${HF_TOKEN}`) {
      return Response.json({ detail: "Invalid Hugging Face token" }, { status: 401 });
    }
    const ttl = Number(new URL(request.url).searchParams.get("ttl"));
    if (!Number.isInteger(ttl) || ttl <= 0) return Response.json({ detail: "Invalid ttl" }, { status: 422 });
    return Response.json(this.#cloudflareServers(request.url, ttl));
  }

  /** A Token resource, 201: `ttl` as a string, `url` beside `urls`. */
  async #twilio(request: Request): Promise<Response> {
    const { accountSid, authToken } = TWILIO_ACCOUNT;
    if (request.headers.get("authorization") !== `Basic ${btoa(`${accountSid}:${authToken}`)}`) {
      const error = { code: 20003, message: "Authenticate", more_info: "https://www.twilio.com/docs/errors/20003" };
      return Response.json({ ...error, status: 401 }, { status: 401 });
    }
    const form = await request.formData();
    const ttl = Number(form.get("Ttl"));
    if (request.headers.get("content-type") !== "application/x-www-form-urlencoded" || !(ttl <= TWILIO_MAX_TTL)) {
      return Response.json({ code: 20001, message: "Invalid Ttl", status: 400 }, { status: 400 });
    }
    this.seen.push({ url: request.url, ttlSeconds: ttl });
    const [username, password] = this.#credentials();
    const turn = (transport: string, port = 3478) => {
      const url = `turn:global.turn.twilio.com:${port}?transport=${transport}`;
      return { url, username, urls: url, credential: password };
    };
    const stun = "stun:global.stun.twilio.com:3478";
    const date = "Sat, 21 Nov 2026 09:00:00 +0000";
    const token = {
      username,
      date_updated: date,
      account_sid: accountSid,
      ttl: String(ttl),
      date_created: date,
      password,
    };
    const servers = [{ url: stun, urls: stun }, turn("udp"), turn("tcp"), turn("tcp", 443)];
    return Response.json({ ...token, ice_servers: servers }, { status: 201 });
  }

  #cloudflareServers(url: string, ttlSeconds: number): object {
    this.seen.push({ url, ttlSeconds });
    const [username, credential] = this.#credentials();
    return {
      iceServers: [
        { urls: ["stun:stun.cloudflare.com:3478", "stun:stun.cloudflare.com:53"] },
        {
          urls: [
            "turn:turn.cloudflare.com:3478?transport=udp",
            "turn:turn.cloudflare.com:53?transport=udp",
            "turn:turn.cloudflare.com:3478?transport=tcp",
            "turn:turn.cloudflare.com:80?transport=tcp",
            "turns:turn.cloudflare.com:5349?transport=tcp",
            "turns:turn.cloudflare.com:443?transport=tcp",
          ],
          username,
          credential,
        },
      ],
    };
  }

  /** New ones each time. */
  #credentials(): [string, string] {
    this.#minted += 1;
    return [`user-${this.#minted}`, `credential-${this.#minted}`];
  }
}

/** Rejects as `fetch` does when its signal fires. */
function aborted(signal: AbortSignal | null): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted === true) reject(signal.reason);
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
}

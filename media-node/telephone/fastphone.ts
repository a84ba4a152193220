/**
 * FastRTC's hosted telephone number: one number in front of everybody's streams, which the caller tells apart by a code. This
 * registers an address with it, or with a gateway of one's own, and takes the address back.
 */
import * as v from "valibot";
import { GATEWAY_PATH } from "../../shared/telephone/gateway.ts";

/** FastRTC's, and where it goes when that fails. */
export const FASTPHONE_SERVICES: readonly string[] = ["https://api.fastrtc.org", "https://fastrtc-fastphone.hf.space"];

/** The service of an edge's own gateway. @param url the edge's: `https://phone.example`. */
export function gatewayService(url: string): string {
  return `${url.replace(/\/+$/, "")}${GATEWAY_PATH}`;
}

const TIMEOUT_MS = 15_000;

const Registered = v.object({
  /** What the caller types. */
  code: v.union([v.pipe(v.string(), v.minLength(1)), v.pipe(v.number(), v.transform(String))]),
  /** The number to call. */
  phone: v.string(),
  /** When the quota is renewed. */
  reset_date: v.string(),
  /** Seconds of calls that are left until then. */
  time_remaining: v.number(),
});

export interface FastPhoneNumber {
  readonly phone: string;
  readonly code: string;
  readonly resetDate: string;
  readonly remainingSeconds: number;
}

export interface FastPhoneOptions {
  /** The edge's public host, without a scheme. */
  readonly host: string;
  /** Whose quota it is: a Hugging Face token for FastRTC's, a key for a gateway's. */
  readonly token: string;
  /** Base URLs, tried one after the other. Default: FastRTC's. */
  readonly services?: readonly string[];
}

export class FastPhone {
  readonly #options: FastPhoneOptions;
  readonly #service: string;
  readonly number: FastPhoneNumber;

  private constructor(options: FastPhoneOptions, service: string, number: FastPhoneNumber) {
    this.#options = options;
    this.#service = service;
    this.number = number;
  }

  /** @throws Error where the quota is used up, the token is refused or no service answers. */
  static async register(options: FastPhoneOptions): Promise<FastPhone> {
    const { host, services = FASTPHONE_SERVICES } = options;
    const failures: string[] = [];
    for (const service of services) {
      const reply = await ask(options, `${service}/register`, { url: host });
      if (reply.status === 202) throw new Error("Your minutes of this month are used up.");
      const parsed = v.safeParse(Registered, reply.json);
      if (reply.status === 200 && parsed.success) {
        const { code, phone, reset_date: resetDate, time_remaining: remainingSeconds } = parsed.output;
        return new FastPhone(options, service, { phone, code, resetDate, remainingSeconds });
      }
      failures.push(`${service}: ${reply.why}`);
    }
    throw new Error(`No number could be had. ${failures.join(" ")}`);
  }

  /** Registers again, before the code expires: a gateway's is good for a day. @throws Error as {@link register}, or where the code is another. */
  async renew(): Promise<void> {
    const { number } = await FastPhone.register({ ...this.#options, services: [this.#service] });
    if (number.code !== this.number.code) throw new Error(`The code has changed: it is ${number.code} now.`);
  }

  /** Calls do not come here any more. @throws Error where the service does not say so. */
  async unregister(): Promise<void> {
    const { host } = this.#options;
    const reply = await ask(this.#options, `${this.#service}/unregister`, { url: host, code: this.number.code });
    if (reply.status !== 200) throw new Error(`The number was not given back. ${this.#service}: ${reply.why}`);
  }
}

interface Reply {
  readonly status: number;
  readonly json: unknown;
  /** For people, where it is not what was hoped for. */
  readonly why: string;
}

async function ask({ token }: FastPhoneOptions, url: string, body: object): Promise<Reply> {
  try {
    const response = await fetch(url, {
      method: "POST",
      // As FastRTC sends it: no "Bearer".
      headers: { authorization: token, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    return {
      status: response.status,
      json: parseJson(text),
      why: `answered ${response.status}: ${text.slice(0, 200)}`,
    };
  } catch (error) {
    return {
      status: 0,
      json: undefined,
      why: `cannot be reached (${error instanceof Error ? error.message : error}).`,
    };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An allocation on a TURN server (RFC 8656), as far as proving that it relays needs it: no refresh, no channels. */
import { createHash } from "node:crypto";
import type { Clock } from "../../time/clock.ts";
import { type Address, type Channel, type ChannelEvents, openChannel } from "./channel.ts";
import type { IceUrl } from "./ice-url.ts";
import { addressIn, classes, Message, methods, StunClient, StunError } from "./stun-client.ts";

/** REQUESTED-TRANSPORT for UDP, in its upper byte. */
const UDP = 17 << 24;
/** The probe is over long before. */
const LIFETIME_SECONDS = 60;

export interface Credentials {
  readonly username: string;
  readonly credential: string;
}

interface Challenge {
  readonly realm: string;
  readonly nonce: Buffer;
}

export interface AllocationOptions extends Credentials {
  readonly server: IceUrl;
  /** For each request. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

export class TurnAllocation {
  readonly #client: StunClient;
  readonly #options: AllocationOptions;
  #challenge: Challenge | null = null;
  /** The address that peers send to. */
  relayed: Address = { host: "", port: 0 };
  /** This client's own address, as the server sees it. */
  mapped: Address = { host: "", port: 0 };

  private constructor(client: StunClient, options: AllocationOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** @throws StunError, StunTimeout, or why the server cannot be reached. */
  static async open(options: AllocationOptions): Promise<TurnAllocation> {
    const { server, timeoutMs, clock } = options;
    const open = (events: ChannelEvents): Promise<Channel> =>
      openChannel(server, AbortSignal.timeout(timeoutMs), events);
    const allocation = new TurnAllocation(await StunClient.over(open, clock), options);
    try {
      await allocation.#allocate();
      return allocation;
    } catch (error) {
      allocation.#client.close();
      throw error;
    }
  }

  /** Called with what peers send to the relayed address. */
  set onData(listener: (from: Address, data: Buffer) => void) {
    this.#client.onData = listener;
  }

  /** Lets a peer's address send, and be sent to. */
  async permit(host: string): Promise<void> {
    await this.#request(() =>
      new Message(methods.CREATE_PERMISSION, classes.REQUEST).setAttribute("XOR-PEER-ADDRESS", [host, 0]),
    );
  }

  send({ host, port }: Address, data: Buffer): void {
    const message = new Message(methods.SEND, classes.INDICATION);
    message.setAttribute("XOR-PEER-ADDRESS", [host, port]).setAttribute("DATA", data);
    this.#client.indicate(message);
  }

  /** Gives the allocation back, as far as the server still answers. */
  async close(): Promise<void> {
    try {
      await this.#request(() => new Message(methods.REFRESH, classes.REQUEST).setAttribute("LIFETIME", 0));
    } catch (error) {
      // It ends by itself within a minute.
      if (!(error instanceof Error)) throw error;
    } finally {
      this.#client.close();
    }
  }

  async #allocate(): Promise<void> {
    const reply = await this.#request(() =>
      new Message(methods.ALLOCATE, classes.REQUEST)
        .setAttribute("REQUESTED-TRANSPORT", UDP)
        .setAttribute("LIFETIME", LIFETIME_SECONDS),
    );
    this.relayed = addressIn(reply, "XOR-RELAYED-ADDRESS");
    this.mapped = addressIn(reply, "XOR-MAPPED-ADDRESS");
  }

  /** Each request is signed with the server's last challenge; the first one, and one that is stale, are asked again. */
  async #request(make: () => Message): Promise<Message> {
    const before = this.#challenge;
    try {
      return await this.#ask(make());
    } catch (error) {
      const challenge = error instanceof StunError ? challengeIn(error) : null;
      const stale = error instanceof StunError && error.code === 438;
      if (challenge === null || (before !== null && !stale)) throw error;
      this.#challenge = challenge;
      return await this.#ask(make());
    }
  }

  async #ask(message: Message): Promise<Message> {
    const { timeoutMs, username, credential } = this.#options;
    if (this.#challenge === null) return await this.#client.request(message, timeoutMs);
    const { realm, nonce } = this.#challenge;
    const key = createHash("md5").update(`${username}:${realm}:${credential}`).digest();
    message.setAttribute("USERNAME", username).setAttribute("REALM", realm).setAttribute("NONCE", nonce);
    return await this.#client.request(message.addMessageIntegrity(key), timeoutMs, key);
  }
}

/** A refusal for want of credentials says with which realm and nonce to come back. */
function challengeIn(error: StunError): Challenge | null {
  if (error.code !== 401 && error.code !== 438) return null;
  const realm: unknown = error.reply.getAttributeValue("REALM");
  const nonce: unknown = error.reply.getAttributeValue("NONCE");
  return typeof realm === "string" && nonce instanceof Buffer ? { realm, nonce } : null;
}

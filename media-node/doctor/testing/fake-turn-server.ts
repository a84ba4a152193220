/**
 * A TURN server on loopback that speaks the real protocol over UDP: long-term credentials, allocations with relay sockets
 * of their own, permissions. It can be told to be wrong in the ways that servers are.
 */
import { createHash } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { parseMessage } from "werift";
import { bind } from "../stun/channel.ts";
import { classes, Message, methods } from "../stun/stun-client.ts";

const HOST = "127.0.0.1";
const REALM = "fake";
const NONCE = Buffer.from("nonce-1");

export interface FakeTurnFaults {
  /** Refuses requests of a kind with this code. */
  readonly refuse?: { readonly method: "ALLOCATE" | "CREATE_PERMISSION"; readonly code: number };
  /** Answers nothing at all. */
  readonly silent?: boolean;
  /** Makes allocations, and relays nothing. */
  readonly deaf?: boolean;
  /** Answers with a key that is not the password's. */
  readonly forged?: boolean;
  /** Drops what the relay would send to a peer that has sent nothing: as a firewall before the peer does. */
  readonly closedInbound?: boolean;
}

interface Allocation {
  readonly relay: Socket;
  readonly client: { readonly host: string; readonly port: number };
  readonly permitted: Set<string>;
  readonly heard: Set<number>;
}

export class FakeTurnServer {
  readonly #socket = createSocket("udp4");
  readonly #faults: FakeTurnFaults;
  readonly #allocations = new Map<string, Allocation>();
  readonly username = "user";
  readonly credential = "password";
  /** Allocations given back by their client. */
  released = 0;

  private constructor(faults: FakeTurnFaults) {
    this.#faults = faults;
  }

  static async start(faults: FakeTurnFaults = {}): Promise<FakeTurnServer> {
    const server = new FakeTurnServer(faults);
    server.#socket.on("message", (bytes, { address, port }) => {
      server.#receive(bytes, address, port).catch((error: unknown) => server.#socket.emit("error", error));
    });
    await bind(server.#socket, 0, HOST);
    return server;
  }

  get url(): string {
    return `turn:${HOST}:${this.#socket.address().port}?transport=udp`;
  }

  /** Allocations that are there. */
  get allocations(): number {
    return this.#allocations.size;
  }

  stop(): void {
    for (const { relay } of this.#allocations.values()) relay.close();
    this.#socket.close();
  }

  async #receive(bytes: Buffer, host: string, port: number): Promise<void> {
    const message = parseMessage(bytes);
    if (message === undefined || this.#faults.silent === true) return;
    const client = { host, port };
    const { messageMethod: method } = message;
    if (message.messageClass === classes.INDICATION) return this.#relay(message, client);
    if (method === methods.BINDING) {
      return this.#answer(reply(message, classes.RESPONSE).setAttribute("XOR-MAPPED-ADDRESS", [host, port]), client);
    }
    const key = this.#keyOf(message);
    if (key === null || parseMessage(bytes, key) === undefined) {
      const refusal = error(message, 401, "Unauthorized").setAttribute("REALM", REALM).setAttribute("NONCE", NONCE);
      return this.#answer(refusal, client);
    }
    const { refuse } = this.#faults;
    if (refuse !== undefined && method === methods[refuse.method]) {
      return this.#answer(error(message, refuse.code, "Refused").addMessageIntegrity(key), client);
    }
    const success = await this.#do(message, client);
    const signed = this.#faults.forged === true ? Buffer.alloc(16) : key;
    this.#answer(success.addMessageIntegrity(signed), client);
  }

  async #do(message: Message, client: Allocation["client"]): Promise<Message> {
    const success = reply(message, classes.RESPONSE);
    const id = `${client.host}:${client.port}`;
    const allocation = this.#allocations.get(id) ?? null;
    switch (message.messageMethod) {
      case methods.ALLOCATE: {
        const relay = await this.#allocate(id, client);
        return success
          .setAttribute("XOR-RELAYED-ADDRESS", [HOST, relay.address().port])
          .setAttribute("XOR-MAPPED-ADDRESS", [client.host, client.port])
          .setAttribute("LIFETIME", 60);
      }
      case methods.CREATE_PERMISSION:
        allocation?.permitted.add(String(message.getAttributeValue("XOR-PEER-ADDRESS")[0]));
        return success;
      default:
        allocation?.relay.close();
        this.#allocations.delete(id);
        this.released += 1;
        return success.setAttribute("LIFETIME", 0);
    }
  }

  async #allocate(id: string, client: Allocation["client"]): Promise<Socket> {
    const relay = createSocket("udp4");
    const allocation: Allocation = { relay, client, permitted: new Set(), heard: new Set() };
    relay.on("message", (data, { address, port }) => {
      allocation.heard.add(port);
      if (this.#faults.deaf === true || !allocation.permitted.has(address)) return;
      const indication = new Message(methods.DATA, classes.INDICATION);
      this.#answer(indication.setAttribute("XOR-PEER-ADDRESS", [address, port]).setAttribute("DATA", data), client);
    });
    await bind(relay, 0, HOST);
    this.#allocations.set(id, allocation);
    return relay;
  }

  #relay(message: Message, { host, port }: Allocation["client"]): void {
    const allocation = this.#allocations.get(`${host}:${port}`);
    const [peer, peerPort] = message.getAttributeValue("XOR-PEER-ADDRESS");
    const closed = this.#faults.closedInbound === true && allocation?.heard.has(peerPort) === false;
    if (this.#faults.deaf === true || closed || allocation?.permitted.has(peer) !== true) return;
    allocation.relay.send(message.getAttributeValue("DATA"), peerPort, peer);
  }

  #keyOf(message: Message): Buffer | null {
    if (message.getAttributeValue("USERNAME") !== this.username) return null;
    return createHash("md5").update(`${this.username}:${REALM}:${this.credential}`).digest();
  }

  #answer(message: Message, { host, port }: Allocation["client"]): void {
    this.#socket.send(message.bytes, port, host);
  }
}

function reply({ messageMethod, transactionId }: Message, kind: classes): Message {
  return new Message(messageMethod, kind, transactionId);
}

function error(message: Message, code: number, reason: string): Message {
  return reply(message, classes.ERROR).setAttribute("ERROR-CODE", [code, reason]);
}

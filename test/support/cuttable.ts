/** A TCP proxy whose network can be cut, in one direction or both: bytes then wait, as they do while TCP repeats them. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

export type Direction = "to_target" | "from_target";

interface Pair {
  readonly client: Socket;
  readonly target: Socket;
}

export class Cuttable {
  readonly url: string;
  readonly #server: Server;
  readonly #pairs: Set<Pair>;
  readonly #cut: Set<Direction>;

  private constructor(url: string, server: Server, pairs: Set<Pair>, cut: Set<Direction>) {
    this.url = url;
    this.#server = server;
    this.#pairs = pairs;
    this.#cut = cut;
  }

  /** @param targetUrl what is behind it, such as the edge. */
  static async open(targetUrl: string): Promise<Cuttable> {
    const target = new URL(targetUrl);
    const pairs = new Set<Pair>();
    const cut = new Set<Direction>();
    const server = createServer((client) => {
      const pair = { client, target: connect(Number(target.port), target.hostname) };
      pairs.add(pair);
      forward(pair.client, pair.target, () => cut.has("to_target"));
      forward(pair.target, pair.client, () => cut.has("from_target"));
      client.on("close", () => pairs.delete(pair));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the proxy has no port");
    return new Cuttable(`http://127.0.0.1:${address.port}`, server, pairs, cut);
  }

  cut(...directions: Direction[]): void {
    for (const direction of directions) this.#cut.add(direction);
  }

  heal(): void {
    this.#cut.clear();
    for (const { client, target } of this.#pairs) for (const socket of [client, target]) socket.emit("healed");
  }

  async close(): Promise<void> {
    for (const { client, target } of this.#pairs) for (const socket of [client, target]) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** Passes bytes and the end on, in order; while cut they wait. */
function forward(from: Socket, to: Socket, isCut: () => boolean): void {
  let waiting: (() => void)[] = [];
  const pass = (act: () => void): void => {
    if (isCut()) waiting.push(act);
    else act();
  };
  from.on("data", (chunk) => pass(() => to.write(chunk)));
  from.on("end", () => pass(() => to.end()));
  from.on("close", () => pass(() => to.destroy()));
  from.on("error", () => pass(() => to.destroy()));
  from.on("healed", () => {
    for (const act of waiting) act();
    waiting = [];
  });
}

/** What a node shows the edge with each request: a token signed for it with their secret, which itself is never sent. */
import { signNodeToken } from "../../shared/node-token.ts";

export interface NodeCredentialsOptions {
  /** EDGERTC_NODE_SECRET. */
  readonly secret: string;
  readonly nodeId: string;
  /** The edge's base URL, which may have a path. */
  readonly edgeUrl: string;
  /** Milliseconds since 1970. Default: the machine's clock. */
  readonly wallClockMs?: () => number;
}

/** As much of them as whoever makes requests needs. */
export type Credentials = Pick<NodeCredentials, "authorization" | "edgeTimeIs">;

export class NodeCredentials {
  readonly #options: NodeCredentialsOptions;
  readonly #wallClockMs: () => number;
  /** What the edge's clock is ahead of this machine's, as far as that has been a problem. */
  #offsetMs = 0;

  constructor(options: NodeCredentialsOptions) {
    this.#options = options;
    this.#wallClockMs = options.wallClockMs ?? Date.now;
  }

  /**
   * The `Authorization` header of one request.
   * @param path of the edge's route, without the prefix that the edge may be mounted under.
   * @param epoch of this run, if it has one.
   */
  async authorization(path: string, epoch: number | null = null): Promise<string> {
    const { secret, nodeId, edgeUrl } = this.#options;
    const claims = { sub: nodeId, aud: new URL(edgeUrl).host, path, epoch };
    return `Bearer ${await signNodeToken(claims, secret, this.#wallClockMs() + this.#offsetMs)}`;
  }

  /** The edge refused a token because of its time, and said its own. @param header the value of `EDGE_TIME_HEADER`. */
  edgeTimeIs(header: string | readonly string[] | null | undefined): void {
    const edgeMs = Number(header ?? Number.NaN);
    if (Number.isFinite(edgeMs)) this.#offsetMs = edgeMs - this.#wallClockMs();
  }
}

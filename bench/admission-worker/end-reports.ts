/**
 * The ends of sessions as a node's MediaNode object reports them: one report at a time, and what comes meanwhile goes into
 * the next. A real node gathers for 20 ms besides, so that its reports are longer than these.
 */
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import type { LeaseRef } from "../../worker/ledger/types.ts";
import type { StreamApi } from "../../worker/rpc.ts";

export class EndReports {
  readonly #target: StreamApi;
  readonly #stream: string;
  #gathered: LeaseRef[] = [];
  /** The report under way. */
  #last: Promise<void> = Promise.resolve();
  /** The report that will take what is gathered. */
  #next: Promise<void> | null = null;

  constructor(target: StreamApi, stream: string) {
    this.#target = target;
    this.#stream = stream;
  }

  /** Resolves once the lease is free. */
  async end(lease: LeaseRef): Promise<void> {
    this.#gathered.push(lease);
    this.#next ??= this.#last.then(() => this.#report());
    await this.#next;
  }

  #report(): Promise<void> {
    const leases = this.#gathered;
    this.#gathered = [];
    this.#next = null;
    this.#last = this.#send(leases);
    return this.#last;
  }

  async #send(leases: readonly LeaseRef[]): Promise<void> {
    const [first] = leases;
    if (first === undefined) return;
    const { nodeId, epoch } = first;
    const events = leases.map(({ sid, clientId }) => ({
      event: "ended" as const,
      reason: "client_closed" as const,
      sid,
      clientId,
      stream: this.#stream,
    }));
    await this.#target.nodeReport({ v: PROTOCOL_VERSION, nodeId, epoch, events });
  }
}

/** What the Directory said lately, per isolate: an offer costs no call to it, and a flood of unknown names few. */
import type { StreamDescriptor } from "../shared/descriptor.ts";
import { PROTOCOL_VERSION } from "../shared/version.ts";
import { directoryOf, type Env } from "./env.ts";
import { callObject } from "./objects/call.ts";

/** A stream that exists is looked up again after this long. */
export const KNOWN_FOR_MS = 5_000;
/** One that does not, after this long: its node may be about to register. */
export const UNKNOWN_FOR_MS = 250;
/** Names kept. Past it the oldest is forgotten. */
export const MAX_CACHED_STREAMS = 1_000;

export type StreamEntry =
  | { readonly kind: "known"; readonly descriptor: StreamDescriptor }
  | { readonly kind: "unknown" }
  /** No node ever registered anything: the edge is new, or its nodes cannot reach it. */
  | { readonly kind: "nothing_registered" };

export class DirectoryCache {
  /** Oldest first. Values only: a promise must not be awaited from another request. */
  readonly #entries = new Map<string, { readonly entry: StreamEntry; readonly untilMs: number }>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Names kept at the moment. */
  get size(): number {
    return this.#entries.size;
  }

  async lookup(env: Env, stream: string): Promise<StreamEntry> {
    const cached = this.#entries.get(stream);
    if (cached !== undefined && cached.untilMs > this.#nowMs()) return cached.entry;
    const found = await callObject(() => directoryOf(env).lookup({ v: PROTOCOL_VERSION, stream }));
    const entry = asEntry(found.descriptor, found.anyKnown);
    this.#keep(stream, entry);
    return entry;
  }

  #keep(stream: string, entry: StreamEntry): void {
    this.#entries.delete(stream);
    const forMs = entry.kind === "known" ? KNOWN_FOR_MS : UNKNOWN_FOR_MS;
    this.#entries.set(stream, { entry, untilMs: this.#nowMs() + forMs });
    if (this.#entries.size <= MAX_CACHED_STREAMS) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

function asEntry(descriptor: StreamDescriptor | null, anyKnown: boolean): StreamEntry {
  if (descriptor !== null) return { kind: "known", descriptor };
  return { kind: anyKnown ? "unknown" : "nothing_registered" };
}

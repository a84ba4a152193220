/**
 * What a session's object asks of the others: its stream's ledger and its node. All of it is idempotent, and asked again
 * where the other object was reset meanwhile.
 */
import type { Command } from "../../shared/link.ts";
import { PROTOCOL_VERSION } from "../../shared/version.ts";
import { COMMAND_DEADLINE_MS } from "../deadlines.ts";
import { type Env, mediaNodeOf, streamOf } from "../env.ts";
import type { Admission, AdmissionRequest, LeaseRef } from "../ledger/types.ts";
import type { CommandResult, SessionInfo } from "../rpc.ts";
import { callObject } from "./call.ts";
import type { Placed } from "./session-state.ts";

export class SessionCalls {
  readonly #env: Env;

  constructor(env: Env) {
    this.#env = env;
  }

  admit(stream: string, request: AdmissionRequest): Promise<Admission> {
    return callObject(() => streamOf(this.#env, stream).admit({ v: PROTOCOL_VERSION, ...request }));
  }

  /** @param tried the nodes that did not take the session. */
  placeElsewhere(stream: string, request: AdmissionRequest, tried: string[]): Promise<Admission> {
    return callObject(() => streamOf(this.#env, stream).placeElsewhere({ v: PROTOCOL_VERSION, ...request, tried }));
  }

  find(stream: string, clientId: string): Promise<SessionInfo> {
    return callObject(() => streamOf(this.#env, stream).find({ v: PROTOCOL_VERSION, clientId }));
  }

  /** Frees the slot of an offer that failed. */
  release(stream: string, lease: LeaseRef): Promise<void> {
    const request = { v: PROTOCOL_VERSION, ...lease, reason: "offer_failed" } as const;
    return callObject(() => streamOf(this.#env, stream).release(request));
  }

  command({ nodeId, epoch }: Placed, command: Command, withinMs = COMMAND_DEADLINE_MS): Promise<CommandResult> {
    const request = { v: PROTOCOL_VERSION, epoch, command, withinMs };
    return callObject(() => mediaNodeOf(this.#env, nodeId).command(request));
  }
}

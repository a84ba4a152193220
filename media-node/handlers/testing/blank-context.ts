/** A session in which nothing happens, for tests to replace what they look at. */
import { NO_FACTS } from "../../../shared/request-facts.ts";
import { VirtualClock } from "../../time/virtual-clock.ts";
import type { HandlerContext } from "../context.ts";

export function blankContext(changes: Partial<HandlerContext> = {}): HandlerContext {
  return {
    sid: "s",
    clientId: "c",
    stream: "test",
    phoneMode: false,
    request: NO_FACTS,
    signal: new AbortController().signal,
    clock: new VirtualClock(),
    declaresInputs: false,
    inputNames: [],
    inputs: {},
    inputsArrived: false,
    requestInputs: async () => ({}),
    clearInputs: nothing,
    state: new Map(),
    send: nothing,
    warn: nothing,
    sendText: nothing,
    extend: nothing,
    clearQueue: () => 0,
    holdOutput: nothing,
    resumeOutput: nothing,
    playing: () => false,
    openVad: () => ({ push: nothing, reset: nothing, close: nothing }),
    logError: nothing,
    ...changes,
  };
}

function nothing(): void {
  // Nothing happens.
}

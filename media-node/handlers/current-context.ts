/** FastRTC's `get_current_context`: which session the running code serves, for code that is not handed it. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { HandlerContext } from "./context.ts";

const current = new AsyncLocalStorage<HandlerContext>();

/** Runs `work`, and all that it starts, as the session's. */
export function inContext<T>(context: HandlerContext, work: () => T): T {
  return current.run(context, work);
}

/** What binds later calls to the session that the calling code runs for, if it runs for one. */
export function bindToContext(): <T>(work: () => T) => T {
  return AsyncLocalStorage.snapshot();
}

/** The session that the calling code runs for. @returns undefined outside of one. */
export function findCurrentContext(): HandlerContext | undefined {
  return current.getStore();
}

/**
 * The session that the calling code runs for: in a handler's methods, in reply functions, and in whatever they call or start.
 * @throws Error outside of one, such as at the top of a stream file.
 */
export function getCurrentContext(): HandlerContext {
  const context = findCurrentContext();
  if (context === undefined) throw new Error("No context found: this code runs for no session.");
  return context;
}

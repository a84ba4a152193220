/** The Worker: routes, and the Durable Objects behind them. */
import { createApp } from "./app.ts";

export type { ConnectInstruction } from "../shared/telephone/instructions.ts";
export { connectInstruction, refuseInstruction } from "../shared/telephone/instructions.ts";
export type { AppOptions, Edge } from "./app.ts";
export { createApp, createEdge } from "./app.ts";
export type { OutputsOptions } from "./edge-session.ts";
export { EdgeSession, SessionError } from "./edge-session.ts";
export type { Env } from "./env.ts";
export { Directory, Gateway, MediaNode, Session, Stream } from "./objects/index.ts";
export type { SessionOutput } from "./outputs/watch.ts";
export type { OutgoingCall, TelephoneAccount } from "./telephone/account.ts";
export { accountOf, TelephoneFailure } from "./telephone/account.ts";
export * from "./turn/index.ts";

export default createApp();

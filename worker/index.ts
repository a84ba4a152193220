/** The Worker: routes, and the Durable Objects behind them. */
import { createApp } from "./app.ts";

export type { AppOptions } from "./app.ts";
export { createApp } from "./app.ts";
export type { Env } from "./env.ts";
export { Directory, MediaNode, Session, Stream } from "./objects/index.ts";
export * from "./turn/index.ts";

export default createApp();

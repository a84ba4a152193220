/** The Worker's Durable Objects, under the names that wrangler.toml binds. */
export { Directory } from "./directory.ts";
export { Gateway } from "./gateway.ts";
export { MediaNode } from "./media-node.ts";
export { Session } from "./session.ts";
export { Stream } from "./stream.ts";

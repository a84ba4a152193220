/** What every route is given. */
import type { Env } from "../env.ts";

export interface EdgeEnv {
  Bindings: Env;
}

/** The model store. */
import { type ErrorEntry, entry } from "./entry.ts";

export const MODEL_ERRORS = {
  model_unknown: entry(
    404,
    false,
    "There is no such model.",
    "The name is not in the model catalogue.",
    "`npx edgertc models list` shows the names.",
  ),
  model_unavailable: entry(
    503,
    true,
    "The model cannot be fetched.",
    "None of its sources could be reached and it is not in the cache.",
    "Connect to the internet once and run `npx edgertc models pull`.",
  ),
  model_corrupt: entry(
    500,
    false,
    "The model's bytes are wrong.",
    "The download does not have the expected sha256.",
    "Run `npx edgertc models pull` again; if it repeats, report the source.",
  ),
} as const satisfies Record<string, ErrorEntry>;

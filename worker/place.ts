/** Where a request comes from, as the platform knows it. */
import * as v from "valibot";
import type { Place } from "./ledger/types.ts";

const degrees = v.pipe(v.string(), v.regex(/^-?\d+(\.\d+)?$/), v.transform(Number));

const Located = v.object({
  latitude: v.pipe(degrees, v.minValue(-90), v.maxValue(90)),
  longitude: v.pipe(degrees, v.minValue(-180), v.maxValue(180)),
});

/** @param cf `request.cf`. @returns undefined where the platform does not say, as on a developer's machine. */
export function placeOf(cf: unknown): Place | undefined {
  const parsed = v.safeParse(Located, cf);
  return parsed.success ? parsed.output : undefined;
}

/** Where a node dials from, as far as the platform tells: its city and country, or the data centre it came in by. */

/** Cloudflare knows; a local run does not. */
export function regionOf({ cf }: Request): string | undefined {
  if (cf === undefined) return undefined;
  const words = [cf["city"] ?? cf["colo"], cf["country"]].filter((word) => typeof word === "string");
  return words.length === 0 ? undefined : words.join(", ");
}

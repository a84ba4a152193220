/** Putting lines of code together. */

export type Line = string | false | readonly Line[];

/** Lines one below the other, those that are not wanted left out; a list within is put in its place. */
export function lines(...all: readonly Line[]): string {
  return flat(all).join("\n");
}

function flat(all: readonly Line[]): string[] {
  return all.flatMap((line) => (line === false ? [] : typeof line === "string" ? [line] : flat(line)));
}

/** A value as JavaScript writes it, on one line: `{ mirror: 0.3 }`. */
export function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const pairs = Object.entries(value).map(([key, item]) => `${propertyName(key)}: ${literal(item)}`);
  return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
}

const propertyName = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key));

/** A text as a shell takes it, whatever is in it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** One HTTP route as data: what it takes, what it answers, how it fails. The API's description is generated from these. */
import type * as v from "valibot";
import { ERRORS, type ErrorCode } from "../../shared/errors.ts";
import { Failed, Invalid } from "./replies.ts";

export interface Parameter {
  readonly name: string;
  readonly in: "query" | "header" | "path";
  readonly description: string;
  readonly required?: boolean;
}

export interface Content {
  readonly description: string;
  /** Default: no body, or one that has no schema. */
  readonly schema?: v.GenericSchema;
  /** Default `application/json`. */
  readonly mediaType?: string;
}

export interface Operation {
  /** Unique; the generated clients' name for it. */
  readonly id: string;
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With `{parameters}`, from the edge's root. */
  readonly path: string;
  /** There is one for each stream, too, under `/{stream}`. */
  readonly perStream?: boolean;
  readonly tag: Tag;
  /** A few words. */
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly body?: Content & { readonly optional?: boolean };
  /** By status. */
  readonly replies: Readonly<Record<number, Content>>;
  /** Of the catalogue, each under its own status. */
  readonly errors: readonly ErrorCode[];
  /** Whether a 422 in FastAPI's words is among the replies. */
  readonly validates?: boolean;
}

export const TAGS = {
  Calls: "What a client needs for a call: FastRTC's routes, and EdgeRTC's own beside them.",
  Telephone: "What telephone providers ask.",
  Edge: "What runs here.",
  Operators: "For who runs the edge, with its admin token. No page of another origin may call these.",
  "Media nodes": "Between edge and media nodes; versions of the two go together.",
} as const;
export type Tag = keyof typeof TAGS;

/** Every route may fail so. */
const ANYWHERE: readonly ErrorCode[] = ["internal", "edge_restarting"];

/** What a route answers, failures included, by status. */
export function repliesOf({ replies, errors, validates }: Operation): ReadonlyMap<number, Content> {
  const all = new Map(Object.entries(replies).map(([status, content]) => [Number(status), content]));
  if (validates === true) all.set(422, { description: "The request is not as it should be.", schema: Invalid });
  const codes = [...errors, ...ANYWHERE];
  for (const status of new Set(codes.map(statusOf))) {
    const here = codes.filter((code) => statusOf(code) === status);
    const description = here.map((code) => `\`${code}\`: ${ERRORS[code].what}`).join("\n\n");
    // A status that has another meaning, too, keeps its own body: 422 is FastAPI's.
    const own = all.get(status);
    all.set(
      status,
      own === undefined
        ? { description, schema: Failed }
        : { ...own, description: `${own.description}\n\n${description}` },
    );
  }
  return all;
}

/** FastRTC answers the candidates of a session that it does not know with 200; a resource that is not there is 404. */
function statusOf(code: ErrorCode): number {
  return code === "unknown_connection" ? 404 : ERRORS[code].status;
}

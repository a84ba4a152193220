/** Whether the edge has media nodes to place calls on, this one among them. */
import * as v from "valibot";
import { ADMIN_API_PATH, type NodeOverview, Overview } from "../../shared/admin.ts";
import { ask } from "./ask.ts";
import type { Context } from "./context.ts";
import { type Finding, failure, ok, skipped, warning } from "./finding.ts";

const CHECK = "nodes";

const Listing = v.array(v.object({ name: v.string(), limit: v.number(), active: v.number(), nodesReady: v.number() }));
type Listed = v.InferOutput<typeof Listing>[number];

export async function checkNodes(context: Context): Promise<Finding[]> {
  const reply = await ask(context, "/streams");
  const listing = reply.kind === "json" ? v.safeParse(Listing, reply.json) : null;
  if (listing?.success !== true) {
    return [failure(CHECK, "The edge does not list its streams.", "It fails inside.", "Look at the edge's log.")];
  }
  context.learned.streams = listing.output;
  return [...ofStreams(listing.output), ...(await ofThisNode(context))];
}

function ofStreams(streams: readonly Listed[]): Finding[] {
  if (streams.length === 0) {
    return [
      failure(
        CHECK,
        "No media node has ever registered a stream at this edge.",
        "No node was started for it, or none could reach it.",
        "Start one: npx edgertc node streams.ts --edge <url>. Its log says why it cannot get through.",
      ),
    ];
  }
  const without = streams.filter(({ nodesReady }) => nodesReady === 0);
  if (without.length > 0) {
    return [
      failure(
        CHECK,
        `No media node is ready for ${names(without)}.`,
        "Their nodes are gone, silent, draining, or still loading models.",
        "Start one that serves them, or wait for it to be ready.",
      ),
    ];
  }
  const full = streams.filter(({ active, limit }) => active >= limit);
  if (full.length > 0) {
    return [
      warning(
        CHECK,
        `Every line is busy: ${names(full)}.`,
        "As many sessions run as the stream allows; further calls are refused or wait.",
        "Raise concurrencyLimit, or the limit on the operators' page.",
      ),
    ];
  }
  return [ok(CHECK, `Every stream has a media node: ${names(streams)}.`)];
}

async function ofThisNode(context: Context): Promise<Finding[]> {
  const { adminToken, nodeId } = context.options;
  if (adminToken === null) return [skipped(CHECK, "Set EDGERTC_ADMIN_TOKEN to see how the edge sees this node.")];
  const reply = await ask(context, `${ADMIN_API_PATH}/overview`, { authorization: `Bearer ${adminToken}` });
  if (reply.kind === "refused")
    return [warning(CHECK, reply.what, "The operators' API did not let the doctor in.", reply.fix)];
  const overview = reply.kind === "json" ? v.safeParse(Overview, reply.json) : null;
  if (overview?.success !== true) return [skipped(CHECK, "This edge has no operators' API.")];
  const node = overview.output.nodes.find((candidate) => candidate.nodeId === nodeId);
  if (node !== undefined) return [health(node)];
  const others = overview.output.nodes.map((other) => other.nodeId).join(", ");
  return [
    warning(
      CHECK,
      `The edge has never seen a node named ${nodeId}.`,
      others === "" ? "It has seen none at all." : `It knows ${others}.`,
      "Start it, or give the doctor the name of the one you mean: --id",
    ),
  ];
}

function health({ nodeId, state, sessions, capacity }: NodeOverview): Finding {
  switch (state) {
    case "up":
      if (sessions < capacity) return ok(CHECK, `${nodeId} is up, with ${sessions} of ${capacity} sessions.`);
      return warning(CHECK, `${nodeId} is full.`, `It has ${sessions} of ${capacity} sessions.`, "Start another node.");
    case "starting":
      return warning(
        CHECK,
        `${nodeId} is starting.`,
        "Its session processes are not ready.",
        "Wait, or look at its log.",
      );
    case "draining":
      return warning(CHECK, `${nodeId} is draining.`, "It was told to stop, and takes no calls.", "Start another one.");
    case "suspect":
    case "lost":
      return failure(
        CHECK,
        `The edge hears nothing of ${nodeId}.`,
        "The process is gone or frozen, or its way to the edge is cut.",
        "Look at its log; start it again.",
      );
  }
}

function names(streams: readonly Listed[]): string {
  return streams.map(({ name }) => name).join(", ");
}

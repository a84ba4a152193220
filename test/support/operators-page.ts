/** The operators' page with an API that always says the same, so that its pictures can be compared. */
import type { Page } from "playwright-core";
import type { NodeOverview, Overview, StreamOverview } from "../../shared/admin.ts";

/** A Tuesday in May. */
const NOW_MS = Date.UTC(2026, 4, 12, 9, 30);
const MINUTE_MS = 60_000;

const stream = (name: string, overrides: Partial<StreamOverview>): StreamOverview => ({
  name,
  path: `/${name}`,
  title: null,
  modality: "audio",
  mode: "send-receive",
  limit: 20,
  descriptorLimit: 20,
  operatorLimit: null,
  active: 0,
  waiting: 0,
  nodesReady: 3,
  ...overrides,
});

const node = (nodeId: string, overrides: Partial<NodeOverview>): NodeOverview => ({
  nodeId,
  state: "up",
  sinceMs: NOW_MS - 26 * 60 * MINUTE_MS,
  epoch: 4,
  version: "0.1.0",
  region: "Frankfurt am Main, DE",
  sessions: 0,
  capacity: 50,
  cpu: 0.04,
  streams: ["default", "captions", "interpreter"],
  ...overrides,
});

const NODES: readonly NodeOverview[] = [
  node("fra-1", { sessions: 17, cpu: 0.38 }),
  node("fra-2", { sessions: 12, cpu: 0.27 }),
  node("gru-1", { region: "São Paulo, BR", sessions: 48, cpu: 0.93, epoch: 11 }),
  node("sin-1", {
    region: "Singapore, SG",
    state: "draining",
    sessions: 3,
    cpu: 0.09,
    sinceMs: NOW_MS - 4 * MINUTE_MS,
  }),
  node("sin-2", { region: "Singapore, SG", state: "suspect", sessions: 2, cpu: 0.05, sinceMs: NOW_MS - 9_000 }),
  node("ams-old", { region: "Amsterdam, NL", state: "lost", version: "0.0.9", sinceMs: NOW_MS - 50 * 60 * MINUTE_MS }),
];

/** Calls of the first stream, question by question: a wave. */
const callsAt = (question: number) => Math.round(24 + 18 * Math.sin(question / 7) + 6 * Math.sin(question / 2.3));

export function overviewAt(question: number): Overview {
  return {
    nowMs: NOW_MS,
    version: "0.1.0",
    nodes: [...NODES],
    streams: [
      stream("default", {
        path: "",
        title: "Talk to an assistant",
        limit: 60,
        descriptorLimit: 60,
        active: callsAt(question),
      }),
      stream("captions", { mode: "send", limit: 25, operatorLimit: 25, active: 11 }),
      stream("interpreter", { title: "Interpreter", limit: 20, active: 20, waiting: 3 }),
      stream("camera", { title: "Mirror", modality: "video", nodesReady: 0 }),
    ],
    streamsLeftOut: 0,
  };
}

const QUESTIONS = 60;
const REFRESH_MS = 3_000;

/** Opens the page, with the look of some minutes of watching it. */
export async function watchOperatorsPage(page: Page, url: string): Promise<void> {
  let asked = 0;
  await page.clock.install({ time: NOW_MS });
  await page.route("**/admin/api/overview", (route) => route.fulfill({ json: overviewAt(asked++) }));
  await page.route("**/admin/api/streams/*/sessions*", (route) => route.fulfill({ json: SESSIONS }));
  await page.goto(`${url}/admin/#token=shown-to-nobody-else`);
  await page.getByTestId("operations").getByTestId("total-active").waitFor();
  for (let question = 1; question < QUESTIONS; question++) {
    const answered = page.waitForResponse("**/admin/api/overview");
    await page.clock.runFor(REFRESH_MS);
    await answered;
  }
  // The last answer is drawn.
  await page.clock.runFor(100);
}

const SESSIONS = {
  sessions: ["ada", "grace", "k3v9x1"].map((clientId, index) => ({
    sid: `s_${String(index).repeat(32)}`,
    clientId,
    stream: "default",
    nodeId: "fra-1",
    epoch: 4,
    state: index === 2 ? "pending" : "live",
    sinceMs: NOW_MS - index * 83_000,
  })),
  next: null,
};

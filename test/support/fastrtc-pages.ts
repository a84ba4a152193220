/**
 * FastRTC's demo pages for tests: taken from a checkout, served unmodified as if by the edge itself, with stand-ins for
 * the routes their own backends add to the protocol.
 */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { BrowserContext, Route } from "playwright-core";
import type { TestBrowser, TestPage } from "./browser.ts";

export const START_BUTTON = "#start-button";

/** A demo page, and how it shows what it does. */
export interface DemoPage {
  readonly name: string;
  /** Starts the call and ends it. Default {@link START_BUTTON}. */
  readonly button?: string;
  /** Where it says that it is connected, and how. Default: the button says "Stop …". */
  readonly connected?: { readonly selector: string; readonly text: RegExp };
  /** Fields to fill in before the call. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Where it shows what its backend's event stream sends. Default `.message`; null for a page without one. */
  readonly outputs?: string | null;
  /** False for the page that does not look at the reply to its offer before it uses it. Default true. */
  readonly showsRefusals?: boolean;
}

/** Pages that play what they hear. */
export const VOICE_PAGES: readonly DemoPage[] = [
  { name: "talk_to_azure_openai" },
  { name: "talk_to_claude" },
  { name: "talk_to_gemini", fields: { "#api-key": "a-key" }, outputs: null },
  { name: "talk_to_llama4" },
  { name: "talk_to_openai" },
  {
    name: "webrtc_vs_websocket",
    button: "#webrtc-button",
    connected: { selector: "#webrtc-rtt", text: /^[\d.]+ms$/ },
    showsRefusals: false,
  },
];

/** Pages that only listen: their backends are of mode `send`. */
export const SEND_PAGES: readonly DemoPage[] = [
  { name: "hello_computer" },
  { name: "send_text_or_audio" },
  { name: "talk_to_sambanova" },
  { name: "whisper_realtime", outputs: "#transcript p" },
];

/** What the stand-in for a backend's event stream sends: one event that every page understands. */
export const OUTPUT_TEXT = "an output of the backend";
const OUTPUT_EVENT = JSON.stringify({
  role: "assistant",
  content: OUTPUT_TEXT,
  message: { role: "assistant", content: OUTPUT_TEXT },
});
const INPUT_ROUTES = ["/input_hook", "/send_input"];
const EVENT_ROUTES = ["/outputs", "/transcript"];

/** The demo pages in one browser, as a site at the edge's origin. */
export class DemoSite {
  /** Errors in the console, exceptions, and requests that were refused, in any tab. */
  readonly complaints: string[] = [];
  readonly #edge: string;
  readonly #folder: string;
  readonly #browser: TestBrowser;

  private constructor(browser: TestBrowser, edge: string, folder: string) {
    this.#browser = browser;
    this.#edge = edge;
    this.#folder = folder;
  }

  /** @param folder a checkout of FastRTC's `demo/`. */
  static async open(browser: TestBrowser, edge: string, folder: string): Promise<DemoSite> {
    const site = new DemoSite(browser, edge, folder);
    const { context } = browser;
    await context.grantPermissions(["microphone", "camera"]);
    await context.addInitScript(recordChannelMessages);
    await context.route("**/*", (route) => site.#serve(route));
    listen(context, site.complaints);
    return site;
  }

  /** Opens the page in a tab of its own and fills in what it asks for. */
  async visit({ name, fields = {} }: DemoPage): Promise<TestPage> {
    const tab = await this.#browser.open(`${this.#edge}/demo/${name}`);
    for (const [selector, value] of Object.entries(fields)) await tab.page.fill(selector, value);
    return tab;
  }

  async #serve(route: Route): Promise<void> {
    const request = route.request();
    const { origin, pathname } = new URL(request.url());
    const name = /^\/demo\/(\w+)$/.exec(pathname)?.[1];
    if (origin !== this.#edge) {
      // Pictures, and a codec that only the WebSocket half of one page uses.
      await route.fulfill(elsewhere(route));
    } else if (name !== undefined) {
      const html = await readFile(path.join(this.#folder, name, "index.html"), "utf8");
      await route.fulfill({ contentType: "text/html", body: html.replaceAll("__RTC_CONFIGURATION__", "null") });
    } else if (INPUT_ROUTES.includes(pathname)) {
      await route.fulfill({ json: { status: "ok" } });
    } else if (EVENT_ROUTES.includes(pathname)) {
      // One event; then the connection ends, and is not to be opened again.
      const body = `retry: 3600000\nevent: output\ndata: ${OUTPUT_EVENT}\n\n`;
      await route.fulfill({ contentType: "text/event-stream", body });
    } else {
      await route.continue();
    }
  }
}

/**
 * Errors in the console, exceptions, and requests that were refused, in any tab from now on. What a page asks of others
 * than the edge, pictures and a codec, is answered with nothing.
 */
export function watchComplaints({ context }: TestBrowser, edge: string): readonly string[] {
  const complaints: string[] = [];
  listen(context, complaints);
  context
    .route(
      (url) => url.origin !== edge || url.pathname === "/favicon.ico",
      (route) => route.fulfill(elsewhere(route)),
    )
    .catch((error: unknown) => complaints.push(String(error)));
  return complaints;
}

function elsewhere(route: Route): { readonly contentType: string } {
  return { contentType: route.request().resourceType() === "script" ? "text/javascript" : "image/svg+xml" };
}

function listen(context: BrowserContext, complaints: string[]): void {
  context.on("weberror", (error) => complaints.push(String(error.error())));
  context.on("response", (response) => {
    if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
  });
  context.on("console", (message) => {
    // What the server refused is judged by its response.
    if (message.text().startsWith("Failed to load resource: the server responded")) return;
    if (message.type() === "error") complaints.push(message.text());
  });
}

/** The data of `log` messages on the tab's data channel, in order. */
export async function channelLogs({ page }: TestPage): Promise<unknown[]> {
  const messages = await page.evaluate(() => (globalThis as unknown as ChannelGlobal).__channelMessages);
  return messages
    .map((text) => JSON.parse(text) as { readonly type: string; readonly data?: unknown })
    .filter(({ type }) => type === "log")
    .map(({ data }) => data);
}

interface ChannelGlobal {
  readonly __channelMessages: readonly string[];
}

/** Runs in the page: keeps what arrives on its data channels, beside what the page does with it. */
function recordChannelMessages(): void {
  const messages: string[] = [];
  const original = RTCPeerConnection.prototype.createDataChannel;
  RTCPeerConnection.prototype.createDataChannel = function (...args) {
    const channel = original.apply(this, args);
    channel.addEventListener("message", ({ data }) => messages.push(String(data)));
    return channel;
  };
  Object.assign(globalThis, { __channelMessages: messages });
}

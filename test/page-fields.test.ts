/** The fields of the page in real Chromium, as somebody types into them. The edge is a few answers: nobody is called. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Page, Route } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { descriptor } from "../client/testing/descriptor.ts";
import { TestBrowser } from "./support/browser.ts";
import { ROOT } from "./support/markdown.ts";

const EDGE = "https://page.test";
const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

const inputs = {
  ratio: { kind: "number", min: 0, max: null, value: 3, required: false, label: "Ratio" },
  voice: { kind: "choice", options: ["first", " second  one"], value: "first", required: false, label: "Voice" },
  picture: { kind: "file", accept: ["image/png"], maxBytes: 1_024, required: false, label: "Picture" },
};

let browser: TestBrowser;
let page: Page;
/** How often `/config` was asked for, by stream. */
let asked: string[];

beforeAll(async () => {
  browser = await TestBrowser.launch();
});
afterAll(() => browser?.close());
afterEach(() => page?.close());

async function open(stream = "one"): Promise<void> {
  asked = [];
  page = await browser.context.newPage();
  await page.route(`${EDGE}/**`, answer);
  await page.goto(`${EDGE}/?stream=${stream}`);
  await field("ratio").waitFor();
}

async function answer(route: Route): Promise<void> {
  const { pathname } = new URL(route.request().url());
  if (pathname === "/streams") return route.fulfill({ json: ["one", "two", "typed"].map(summary) });
  const [, stream = "", config] = pathname.split("/");
  if (config === "config") {
    asked.push(stream);
    const ui = stream === "typed" ? { variant: "textbox" } : {};
    return route.fulfill({ json: { ...descriptor, name: stream, inputs, ui } });
  }
  if (pathname.endsWith("/webrtc/offer")) {
    return route.fulfill({ json: { status: "failed", meta: { error: "no_media_node" } } });
  }
  const file = path.join(ROOT, "ui/dist", pathname === "/" ? "index.html" : pathname);
  return route.fulfill({ body: await readFile(file), contentType: TYPES[path.extname(file)] ?? "text/plain" });
}

const summary = (name: string) => ({ name, title: name, modality: "audio", mode: "send-receive", nodesReady: 1 });
const field = (name: string) => page.getByTestId(`input-${name}`);

describe("a number", () => {
  it("is what was typed, a fraction with zeros in it, too", async () => {
    await open();
    await field("ratio").press("ControlOrMeta+a");
    await field("ratio").pressSequentially("1.05");
    expect(await field("ratio").inputValue()).toBe("1.05");
    expect(await field("ratio").evaluate((element: HTMLInputElement) => element.validity.valid)).toBe(true);
  });

  it("that is none is not kept when its field is left", async () => {
    await open();
    await field("ratio").fill("-2");
    await field("ratio").blur();
    expect(await field("ratio").inputValue()).toBe("3");
  });
});

it("a choice is the option as it was declared, spaces and all", async () => {
  await open();
  await field("voice").selectOption({ index: 1 });
  expect(await field("voice").inputValue()).toBe(" second  one");
});

it("the page does not say that it looks for a media node where one is listed", async () => {
  await open();
  await page.getByTestId("call-button").click();
  await page.getByTestId("error").getByText("No media node is available.").waitFor();
  await expect.poll(() => asked.length).toBe(2);
  expect(await page.getByTestId("error").textContent()).not.toContain("keeps looking");
});

it("whoever tries again by keyboard goes on where they typed", async () => {
  await open("typed");
  await page.getByTestId("textbox").fill("Hello?");
  await page.getByTestId("textbox").press("Enter");
  await page.getByTestId("retry").press("Enter");
  await page.keyboard.type("Still there?");
  expect(await page.getByTestId("textbox").inputValue()).toBe("Still there?");
});

describe("what was filled in", () => {
  it("is there still when the page has asked for the stream again, as it does after a call that failed", async () => {
    await open();
    await field("ratio").fill("7");
    await page.getByTestId("call-button").click();
    await page.getByTestId("error").waitFor();
    await expect.poll(() => asked.length).toBe(2);
    expect(await field("ratio").inputValue()).toBe("7");
  });

  it("is not another stream's, and neither is what was wrong with it", async () => {
    await open();
    await field("ratio").fill("7");
    await field("picture").setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("a") });
    await page.getByText("The file must be of type image/png.").waitFor();
    await page.getByTestId("stream-select").selectOption("two");
    await expect.poll(() => asked.at(-1)).toBe("two");
    await page.getByText("Up to 1 KB").waitFor();
    expect(await field("ratio").inputValue()).toBe("3");
    expect(await field("picture").evaluate((element: HTMLInputElement) => element.files?.length)).toBe(0);
  });
});

/** The page in real Chromium: what it makes of a stream's outputs, inputs, words and variant, for whoever looks at it and with whatever. */
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { seriousFaults } from "./support/accessibility.ts";
import { silence } from "./support/audio.ts";
import { TestBrowser } from "./support/browser.ts";
import { Firefox, firefoxMissing } from "./support/firefox.ts";
import { comparePicture, widthOfLetters } from "./support/screenshot.ts";
import { type NodeHandle, Stack } from "./support/stack.ts";

const DESK = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };
/** {@link widthOfLetters} where the pictures were taken: Debian's Chromium with DejaVu Sans. */
const LETTERS_PX = 2_552;
const MAX_DIFFERENCE = 0.004;
/** With other letters than the pictures' the words end elsewhere; colours, and what is where, must be the same still. */
const MAX_DIFFERENCE_OF_LETTERS = 0.08;

const SECRET = "secret-that-nobody-writes-down";

let stack: Stack;
let node: NodeHandle;
let browser: TestBrowser;
let page: Page;

/** A page that was opened before there was a node. */
let early: Page;

beforeAll(async () => {
  stack = await Stack.start("test/fixtures/page-streams.ts");
  browser = await TestBrowser.launch({ microphone: silence(2_000), loop: true });
  early = await browser.context.newPage();
  await early.goto(`${stack.url}/?stream=styled`);
  await early.getByTestId("error").waitFor();
  node = await stack.startNode({ shards: 1 });
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});
afterEach(async () => {
  await page?.close();
});

async function open(path: string, size = DESK, colorScheme: "light" | "dark" = "light"): Promise<void> {
  page = await browser.context.newPage();
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  await page.setViewportSize(size);
  await page.goto(`${stack.url}/${path}`);
  await page.locator("h1").waitFor();
}

const connected = () => page.locator('[data-state="connected"]').waitFor({ timeout: 15_000 });

async function call(): Promise<void> {
  await page.getByTestId("call-button").click();
  await connected();
}

it("finds a media node that comes after it by itself", async () => {
  page = early;
  await page.getByTestId("call-button").and(page.locator(":enabled")).waitFor({ timeout: 20_000 });
  expect(await page.getByTestId("error").count()).toBe(0);
});

describe("declared outputs", () => {
  it("are shown each as what it is, as the stream's own handler has combined them", async () => {
    await open("?stream=shown");
    const outputs = page.getByTestId("outputs");
    await expect
      .poll(() => outputs.locator("figcaption").allTextContents())
      .toEqual(["What it sees", "Confidence", "Conversation", "Picture", "Boxes", "Sound"]);
    await call();
    await page.getByTestId("output-score").getByText("93.7 %").waitFor();
    await expect
      .poll(() => outputs.locator(".chat p").allTextContents())
      .toEqual(["You", "How many red cars?", "Assistant", "Three red cars, and one that may be orange."]);
    expect(await outputs.locator("img").getAttribute("src")).toMatch(/^data:image\/png/);
    expect(await outputs.locator("audio").getAttribute("src")).toMatch(/^data:audio\/wav/);
    expect(await outputs.locator("pre").textContent()).toContain('"label": "car"');
    expect(await page.getByTestId("output").count()).toBe(0);
  });
});

describe("declared inputs", () => {
  it("take effect while the call lasts, each kind of them; a secret stays in the page's memory", async () => {
    await open("?stream=told");
    await page.getByTestId("input-key").fill(SECRET);
    await call();
    const has = page.getByTestId("output-inputs");
    await has.getByText(`"keyChars": ${SECRET.length}`).waitFor();
    await page.getByTestId("input-speed").fill("1.5");
    await page.getByTestId("input-count").fill("7");
    await page.getByTestId("input-prompt").fill("Be brief.\nBe kind.");
    await page.getByTestId("input-voice").selectOption("Kore");
    await page.getByTestId("input-brief").check();
    await page.getByTestId("input-tint").fill("#ff8800");
    const png = { name: "a.png", mimeType: "image/png", buffer: Buffer.from("picture") };
    await page.getByTestId("input-picture").setInputFiles(png);
    await has.getByText('"data": "cGljdHVyZQ=="').and(has.getByText("Be kind.")).waitFor();
    const told = await has.textContent();
    for (const value of ['"speed": 1.5', '"count": 7', "Be kind.", '"Kore"', '"brief": true', "#ff8800", '"a.png"']) {
      expect(told).toContain(value);
    }
    const kept = await page.evaluate(async () => ({
      stored: JSON.stringify([
        { ...localStorage },
        { ...sessionStorage },
        await indexedDB.databases(),
        document.cookie,
      ]),
      shown: document.documentElement.outerHTML + location.href,
    }));
    expect(kept.stored + kept.shown + node.log() + stack.edgeLog.join("\n")).not.toContain(SECRET);
  });

  it("refuse a file that is too large or of another type before it is sent, and say so", async () => {
    await open("?stream=told");
    const field = page.getByTestId("input-picture");
    await field.setInputFiles({ name: "big.png", mimeType: "image/png", buffer: Buffer.alloc(1_025) });
    await page.getByText("The file has 2 KB; 1 KB are the most.").waitFor();
    await field.setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("a") });
    await page.getByText("The file must be of type image/png.").waitFor();
    expect(await field.getAttribute("aria-invalid")).toBe("true");
  });
});

describe("the variant with a textbox", () => {
  it("calls when something is typed, without asking for the microphone, and goes on by voice in the same conversation", async () => {
    await open("?stream=textbox&debug");
    await page.evaluate(() => {
      const media = navigator.mediaDevices;
      const original = media.getUserMedia.bind(media);
      media.getUserMedia = (constraints) => {
        document.body.dataset["asked"] = "yes";
        return original(constraints);
      };
    });
    await page.getByTestId("textbox").fill("What is the time?");
    await page.keyboard.press("Enter");
    await page.getByTestId("transcript-assistant").getByText("You wrote.").waitFor({ timeout: 15_000 });
    expect(await page.getByTestId("transcript-user").textContent()).toContain("What is the time?");
    expect(await page.evaluate(() => document.body.dataset["asked"])).toBeUndefined();
    expect(await page.getByTestId("textbox").inputValue()).toBe("");
    await page.getByTestId("exchange").first().waitFor();
    await page.getByTestId("network").getByText("opus").waitFor();
    await page.getByTestId("talk").click();
    await page.locator('body[data-asked="yes"]').waitFor();
    await page.locator('[data-testid="talk"][aria-pressed="true"]').waitFor();
    expect(await page.evaluate(() => document.body.dataset["state"])).toBe("connected");
    await page.getByTestId("textbox").fill("And now?");
    await page.getByTestId("send").click();
    await page.getByTestId("transcript-user").getByText("And now?").waitFor();
    await page.getByTestId("hang-up").click();
    await page.locator('[data-state="ended"]').waitFor();
    expect(await page.getByTestId("transcript-user").count()).toBeGreaterThanOrEqual(2);
  });
});

it("keeps what was typed for a call that could not be made, and sends it with the next", async () => {
  await open("?stream=textbox");
  await page.route("**/webrtc/offer", (route) => route.abort());
  await page.getByTestId("textbox").fill("Still there?");
  await page.keyboard.press("Enter");
  await page.getByTestId("error").waitFor();
  await page.getByTestId("unsent").getByText("Still there?").waitFor();
  await page.unroute("**/webrtc/offer");
  await page.getByTestId("retry").click();
  await page.getByTestId("transcript-user").getByText("Still there?").waitFor({ timeout: 15_000 });
  expect(await page.getByTestId("unsent").count()).toBe(0);
});

describe("what a stream wants of its page", () => {
  it("is what it has: title, icon, colours and words", async () => {
    await open("?stream=styled");
    await expect.poll(() => page.title()).toBe("Front desk · EdgeRTC");
    expect(await page.getByTestId("icon").locator("img").getAttribute("src")).toMatch(/^data:image\/svg/);
    expect(await page.getByTestId("call-button").textContent()).toBe("Ring");
    expect(await page.evaluate(() => getComputedStyle(document.body).getPropertyValue("--user"))).toBe("#7c3aed");
    await call();
    expect(await page.getByTestId("call-button").textContent()).toBe("Leave");
    await page.getByText("Stop word heard: go on").waitFor();
    // The server has said how long the call may last.
    expect(await page.getByTestId("time-left").textContent()).toMatch(/0:5\d|1:00/);
  });

  it("of mode receive is started by a button, and nothing has to be allowed", async () => {
    await open("?stream=radio");
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("asked", "NotAllowedError"));
    });
    expect(await page.getByTestId("mute-mic").count()).toBe(0);
    await call();
    await page.getByTestId("mute-speaker").click();
    expect(await page.getByTestId("mute-speaker").getAttribute("aria-pressed")).toBe("true");
  });
});

/** Longest for everything that is shown to have come, and to stand still. */
const SETTLES_WITHIN_MS = 8_000;

/** Compares the page with its picture, until it is like it. */
async function expectPicture(name: string): Promise<void> {
  await page.mouse.move(0, 0);
  // A click on what moves yet is tried again by Playwright with the page scrolled this way and that, and stays there.
  await page.evaluate(() => scrollTo(0, 0));
  const most = (await widthOfLetters(page)) === LETTERS_PX ? MAX_DIFFERENCE : MAX_DIFFERENCE_OF_LETTERS;
  const difference = async () => {
    const found = await comparePicture(page, `test/references/page-${name}.png`);
    return found.sizes ?? found.difference;
  };
  await expect.poll(difference, { interval: 500, timeout: SETTLES_WITHIN_MS }).toBeLessThan(most);
}

describe("everybody can use the page", () => {
  it.each([
    ["styled", DESK, "light", "desk-light"],
    ["styled", PHONE, "dark", "phone-dark"],
    ["shown", DESK, "light", "desk-light"],
    ["shown", PHONE, "dark", "phone-dark"],
    ["told", DESK, "dark", "desk-dark"],
    ["told", PHONE, "light", "phone-light"],
    ["textbox", DESK, "light", "desk-light"],
    ["textbox", PHONE, "dark", "phone-dark"],
  ] as const)(
    "%s: it looks like its picture, and nothing serious is found wrong with it",
    async (stream, size, scheme, name) => {
      await open(`?stream=${stream}`, size, scheme);
      await page
        .getByTestId(stream === "textbox" ? "talk" : "call-button")
        .and(page.locator(":enabled"))
        .waitFor();
      if (stream === "shown") {
        await call();
        await page.getByTestId("output-score").getByText("93.7 %").waitFor();
        // Nobody speaks: the dial rests.
        await page.getByTestId("mute-mic").click();
      }
      await expectPicture(`${stream}-${name}`);
      if (stream === "textbox") {
        await page.getByTestId("textbox").fill("Hello");
        await page.keyboard.press("Enter");
        await page.getByTestId("transcript-assistant").waitFor();
      }
      await page.getByTestId("details").locator("summary").click();
      await page.getByTestId("debug").check();
      await page.getByTestId("developer-view").waitFor();
      expect(await seriousFaults(page)).toEqual([]);
      const overflow = () => document.documentElement.scrollWidth - document.documentElement.clientWidth;
      expect(await page.evaluate(overflow)).toBe(0);
    },
  );

  it("by the keyboard alone: every control is reached in the order it stands, and the call started and ended", async () => {
    await open("?stream=styled");
    // What the stream is comes a moment after the page, and the controls with it.
    await page.getByTestId("mute-mic").waitFor();
    const reached: string[] = [];
    for (let press = 0; press < 5; press++) {
      await page.keyboard.press("Tab");
      reached.push(await page.evaluate(() => document.activeElement?.getAttribute("data-testid") ?? ""));
    }
    expect(reached.slice(0, 4)).toEqual(["stream-select", "call-button", "mute-mic", "mute-speaker"]);
    await page.getByTestId("call-button").focus();
    await page.keyboard.press("Enter");
    await connected();
    expect(await page.evaluate(() => document.activeElement?.getAttribute("data-testid"))).toBe("call-button");
    await page.keyboard.press("Enter");
    await page.locator('[data-state="ended"]').waitFor();
  });

  it("tells a screen reader what is said and what goes on", async () => {
    await open("?stream=textbox");
    await page.getByTestId("textbox").fill("Hello");
    await page.keyboard.press("Enter");
    await page.getByRole("log").getByText("You wrote.").waitFor();
    expect(await page.getByRole("log").getAttribute("aria-live")).toBe("polite");
    expect(await page.getByTestId("state").getAttribute("role")).toBe("status");
  });
});

describe("Firefox", () => {
  it.skipIf(firefoxMissing() !== null)("calls, types, talks and hangs up, and shows what is declared", async () => {
    const firefox = await Firefox.launch();
    const id = (testId: string) => `document.querySelector('[data-testid="${testId}"]')`;
    const state = (name: string) => `document.body.dataset.state === "${name}"`;
    try {
      await firefox.open(`${stack.url}/?stream=shown`);
      await firefox.until(`${id("call-button")}?.disabled === false`);
      await firefox.evaluate(`${id("call-button")}.click()`);
      await firefox.until(state("connected"));
      await firefox.until(`${id("output-score")}.textContent.includes("93.7")`);
      await firefox.open(`${stack.url}/?stream=textbox`);
      await firefox.until(`${id("talk")}?.disabled === false`);
      const type = `Object.assign(${id("textbox")}, { value: "Hello" }).dispatchEvent(new Event("input", { bubbles: true }))`;
      await firefox.evaluate(type);
      await firefox.until(`${id("send")}.disabled === false`);
      await firefox.evaluate(`${id("send")}.click()`);
      await firefox.until(`${id("transcript-assistant")}?.textContent.includes("You wrote.")`);
      await firefox.evaluate(`${id("talk")}.click()`);
      await firefox.until(`${id("talk")}.ariaPressed === "true"`);
      expect(await firefox.evaluate("document.body.dataset.state")).toBe("connected");
      await firefox.evaluate(`${id("hang-up")}.click()`);
      await firefox.until(state("ended"));
    } finally {
      await firefox.close();
    }
  });
});

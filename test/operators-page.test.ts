/** The operators' page: its pictures, and that it can be used by whoever has a phone, a keyboard or weak eyes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestBrowser } from "./support/browser.ts";
import { watchOperatorsPage } from "./support/operators-page.ts";
import { comparePicture, differenceFrom, widthOfLetters } from "./support/screenshot.ts";
import { Stack } from "./support/stack.ts";

/** {@link widthOfLetters} where the pictures were taken: Debian's Chromium with DejaVu Sans. */
const LETTERS_PX = 2_552;
/** A row that is missing is twice of this. */
const MAX_DIFFERENCE = 0.002;
/** With other letters than the pictures' the words end elsewhere; colours, and what is where, must be the same still. */
const MAX_DIFFERENCE_OF_LETTERS = 0.08;

let stack: Stack;
let browser: TestBrowser;

beforeAll(async () => {
  stack = await Stack.start("test/fixtures/streams.ts");
  browser = await TestBrowser.launch();
});
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

const DESK = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

async function open(colorScheme: "light" | "dark", size: typeof DESK) {
  const page = await browser.context.newPage();
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  await page.setViewportSize(size);
  await watchOperatorsPage(page, stack.url);
  return page;
}

describe("the operators' page", () => {
  it.each([
    ["light", "light", { ...DESK, height: 1_290 }],
    ["dark", "dark", { ...DESK, height: 1_290 }],
    ["phone", "light", { ...PHONE, height: 2_160 }],
  ] as const)("looks like its picture: %s", async (name, scheme, size) => {
    const page = await open(scheme, size);
    try {
      const { difference, sizes } = await comparePicture(page, `docs/images/operators-${name}.png`);
      expect(sizes).toBeNull();
      const letters = await widthOfLetters(page);
      expect(difference).toBeLessThan(letters === LETTERS_PX ? MAX_DIFFERENCE : MAX_DIFFERENCE_OF_LETTERS);
    } finally {
      await page.close();
    }
  });

  it("would be told from its picture with a row of it missing, and in other colours", async () => {
    const page = await open("light", { ...DESK, height: 1_290 });
    try {
      await page.getByTestId("node-gru-1").evaluate((row) => row.style.setProperty("visibility", "hidden"));
      const withoutRow = await differenceFrom(page, "docs/images/operators-light.png");
      expect(withoutRow.difference).toBeGreaterThan(MAX_DIFFERENCE);
      await page.emulateMedia({ colorScheme: "dark" });
      const inTheDark = await differenceFrom(page, "docs/images/operators-light.png");
      expect(inTheDark.difference).toBeGreaterThan(0.5);
    } finally {
      await page.close();
    }
  });

  it("fits a phone: nothing is wider than the screen, every button is big enough for a thumb", async () => {
    const page = await open("light", PHONE);
    try {
      const report = await page.evaluate(() => ({
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        small: [...document.querySelectorAll("button, input")]
          .map((element) => element.getBoundingClientRect())
          .filter(({ width, height }) => width > 0 && (height < 32 || width < 32)).length,
      }));
      expect(report).toEqual({ overflow: 0, small: 0 });
    } finally {
      await page.close();
    }
  });

  it("shows a stream's sessions in a dialog that Escape closes", async () => {
    const page = await open("dark", PHONE);
    try {
      await page.getByTestId("sessions-default").click();
      const dialog = page.getByTestId("sessions");
      await dialog.getByTestId("session").first().waitFor();
      expect(await dialog.getByTestId("session").count()).toBe(3);
      await page.keyboard.press("Escape");
      await dialog.waitFor({ state: "detached" });
    } finally {
      await page.close();
    }
  });

  it("asks nothing while nobody sees it, and again at once when somebody does", async () => {
    const page = await open("light", DESK);
    try {
      let asked = 0;
      page.on("request", () => (asked += 1));
      await page.evaluate(() => {
        Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      });
      await page.clock.runFor(60_000);
      expect(asked).toBe(0);
      const answered = page.waitForResponse("**/admin/api/overview");
      await page.evaluate(() => {
        Object.defineProperty(document, "visibilityState", { value: "visible", configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      });
      await answered;
      expect(asked).toBe(1);
    } finally {
      await page.close();
    }
  });

  it("keeps what it knows, and says of when it is, while the edge does not answer", async () => {
    const page = await open("light", DESK);
    try {
      await page.route("**/admin/api/overview", (route) => route.abort());
      await page.clock.runFor(3_100);
      await page.getByText("The edge does not answer.").waitFor();
      expect(await page.getByTestId("node-fra-1").count()).toBe(1);
    } finally {
      await page.close();
    }
  });
});

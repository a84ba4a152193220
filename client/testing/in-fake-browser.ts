/** A fake browser around a test, in virtual time, and nothing of it left behind. */
import { expect, vi } from "vitest";
import { FakeBrowser } from "./fake-browser.ts";

/** Before each test. */
export function openFakeBrowser(): FakeBrowser {
  vi.useFakeTimers();
  const browser = new FakeBrowser();
  for (const [name, value] of Object.entries(browser.globals())) vi.stubGlobal(name, value);
  return browser;
}

/** After each. @throws AssertionError where a timer is left. */
export function closeFakeBrowser(): void {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
}

/** Everything that is due without time passing, modules that are loaded for it included: those take real time, a little at a time. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await vi.advanceTimersByTimeAsync(0);
    await vi.dynamicImportSettled();
  }
}

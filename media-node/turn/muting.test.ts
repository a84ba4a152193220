import { describe, expect, it } from "vitest";
import { isMuted, readMuteUser } from "./muting.ts";

describe("muting", () => {
  it("hears the user at any time by default", () => {
    expect(readMuteUser(undefined, undefined)).toBe("never");
    expect(isMuted("never", "bot_speaking", 0)).toBe(false);
  });

  it("takes canInterrupt: false as FastRTC means it", () => {
    expect(readMuteUser(undefined, false)).toBe("while_speaking");
    expect(isMuted("while_speaking", "thinking", 3)).toBe(true);
    expect(isMuted("while_speaking", "bot_finishing", 3)).toBe(true);
    expect(isMuted("while_speaking", "listening", 3)).toBe(false);
    expect(isMuted("while_speaking", "user_speaking", 3)).toBe(false);
  });

  it("protects the first reply only, if that is asked for", () => {
    expect(isMuted("first_reply", "bot_speaking", 0)).toBe(true);
    expect(isMuted("first_reply", "bot_speaking", 1)).toBe(false);
  });

  it("names options that contradict each other", () => {
    expect(() => readMuteUser("never", false)).toThrow(/contradicts/);
    expect(() => readMuteUser("while_speaking", true)).toThrow(/contradicts/);
    expect(readMuteUser("first_reply", true)).toBe("first_reply");
    // @ts-expect-error Not a strategy.
    expect(() => readMuteUser("sometimes", undefined)).toThrow(/muteUser must be/);
  });
});

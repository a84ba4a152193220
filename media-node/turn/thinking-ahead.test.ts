import { describe, expect, it } from "vitest";
import { ThinkingAhead } from "./thinking-ahead.ts";

const options = { thinkAheadMs: 320, minSpeechMs: 160 };

describe("ThinkingAhead", () => {
  it("says once per pause that the speaker may be done, and that they went on", () => {
    const ahead = new ThinkingAhead(options);
    expect(ahead.heard(640, 288)).toBeUndefined();
    expect(ahead.heard(640, 320)).toBe("speech_paused");
    expect(ahead.heard(640, 352)).toBeUndefined();
    expect(ahead.heard(672, 0)).toBe("speech_resumed");
    expect(ahead.heard(704, 0)).toBeUndefined();
    expect(ahead.heard(704, 320)).toBe("speech_paused");
  });

  it("takes no click for a turn", () => {
    expect(new ThinkingAhead(options).heard(128, 320)).toBeUndefined();
  });

  it("gives up on who pauses again and again, until their turn is over", () => {
    const ahead = new ThinkingAhead(options);
    for (let pause = 0; pause < 3; pause++) {
      expect(ahead.heard(640, 320)).toBe("speech_paused");
      expect(ahead.heard(672, 0)).toBe("speech_resumed");
    }
    expect(ahead.heard(640, 320)).toBeUndefined();
    ahead.over();
    expect(ahead.heard(640, 320)).toBe("speech_paused");
  });
});

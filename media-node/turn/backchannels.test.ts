import { describe, expect, it } from "vitest";
import { VirtualClock } from "../time/virtual-clock.ts";
import { BackchannelCheck, type BackchannelVerdict, isBackchannel } from "./backchannels.ts";

const audio = { sampleRate: 16_000, samples: new Int16Array(1_600) };

function check(stt: () => Promise<string>) {
  const verdicts: BackchannelVerdict[] = [];
  const clock = new VirtualClock();
  const one = new BackchannelCheck({
    backchannels: { stt: { stt } },
    clock,
    audio: () => audio,
    onVerdict: (verdict) => verdicts.push(verdict),
  });
  return { one, verdicts, clock };
}

describe("isBackchannel", () => {
  it.each(["Uh-huh.", "Mm-hmm", "Yeah, right.", "OK", "I see.", "Oh, really?", "", " … "])("lets %j pass", (text) => {
    expect(isBackchannel(text)).toBe(true);
  });

  it.each(["No.", "Stop!", "Wait", "Yeah, but what about Paris?", "Okay stop", "2"])("heeds %j", (text) => {
    expect(isBackchannel(text)).toBe(false);
  });

  it("takes words of another language", () => {
    expect(isBackchannel("Genau!", ["genau", "ja"])).toBe(true);
    expect(isBackchannel("Yes", ["genau", "ja"])).toBe(false);
  });
});

describe("BackchannelCheck", () => {
  it("lets a reply go on when only a backchannel was said", async () => {
    const { one, verdicts } = check(async () => "Mm-hmm.");
    one.heard(288, 0);
    one.heard(288, 128);
    expect(verdicts).toEqual([]);
    one.heard(288, 160);
    await expect.poll(() => verdicts).toEqual(["backchannel"]);
  });

  it("heeds words that mean something", async () => {
    const { one, verdicts } = check(async () => "Stop.");
    one.heard(288, 160);
    await expect.poll(() => verdicts).toEqual(["interruption"]);
  });

  it("does not wait for the end of long speech", () => {
    const { one, verdicts } = check(async () => "");
    one.heard(672, 0);
    expect(verdicts).toEqual(["interruption"]);
  });

  it("takes who goes on speaking while the words are looked at to mean it", () => {
    const { one, verdicts } = check(() => new Promise(() => undefined));
    one.heard(288, 160);
    one.heard(320, 0);
    expect(verdicts).toEqual(["interruption"]);
  });

  it("takes words that come too late, or not at all, to mean it", async () => {
    const late = check(() => new Promise(() => undefined));
    late.one.heard(288, 160);
    late.clock.advance(250);
    await expect.poll(() => late.verdicts).toEqual(["interruption"]);
    const failing = check(() => Promise.reject(new Error("no model")));
    failing.one.heard(288, 160);
    await expect.poll(() => failing.verdicts).toEqual(["interruption"]);
    const throwing = check(() => {
      throw new Error("no model");
    });
    throwing.one.heard(288, 160);
    await expect.poll(() => throwing.verdicts).toEqual(["interruption"]);
  });

  it("says nothing once it is withdrawn", async () => {
    const { one, verdicts } = check(async () => "Stop.");
    one.heard(288, 160);
    one.withdraw();
    await new Promise((resolve) => setImmediate(resolve));
    expect(verdicts).toEqual([]);
  });
});

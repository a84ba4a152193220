import { expect, it } from "vitest";
import { Earpiece } from "./earpiece.ts";

/** µ-law of full level, 20 ms. */
const loud = (milliseconds: number) => new Uint8Array(8 * milliseconds).fill(0x80);
const levels = (earpiece: Earpiece) =>
  Array.from({ length: earpiece.elapsedMs / 20 }, (_, i) => (earpiece.heard[i * 160] === 0 ? "." : "x")).join("");

function listening() {
  const played: string[] = [];
  const earpiece = new Earpiece({ played: (name) => played.push(name) });
  const tick = (count: number) => {
    for (let i = 0; i < count; i++) earpiece.tick();
  };
  return { earpiece, played, tick };
}

it("plays what it is given at its pace, and silence else", () => {
  const { earpiece, tick } = listening();
  tick(1);
  earpiece.play(loud(60));
  tick(5);
  expect(levels(earpiece)).toBe(".xxx..");
  expect(earpiece.heard).toHaveLength(6 * 160);
});

it("joins pieces of any length without a seam", () => {
  const { earpiece, tick } = listening();
  for (let i = 0; i < 8; i++) earpiece.play(loud(5));
  tick(3);
  expect([...earpiece.heard].filter((sample) => sample !== 0)).toHaveLength(320);
});

it("tells a mark when what was before it has been played", () => {
  const { earpiece, played, tick } = listening();
  earpiece.play(loud(40));
  earpiece.mark("first");
  earpiece.play(loud(20));
  earpiece.mark("second");
  tick(1);
  expect(played).toEqual([]);
  tick(1);
  expect(played).toEqual(["first"]);
  tick(1);
  expect(played).toEqual(["first", "second"]);
});

it("tells a mark at once where nothing waits", () => {
  const { earpiece, played } = listening();
  earpiece.mark("now");
  expect(played).toEqual(["now"]);
});

it("drops what is cleared, and tells its marks", () => {
  const { earpiece, played, tick } = listening();
  earpiece.play(loud(200));
  earpiece.mark("end");
  tick(2);
  expect(earpiece.clear()).toBe(160);
  expect(played).toEqual(["end"]);
  tick(3);
  expect(levels(earpiece)).toBe("xx...");
});

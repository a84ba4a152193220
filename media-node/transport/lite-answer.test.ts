import { describe, expect, it } from "vitest";
import { announceIceLite } from "./lite-answer.ts";

const answer = (session: string, media: string) =>
  `v=0\r\ns=-\r\nt=0 0\r\n${session}m=audio 9 X 111\r\na=ice-pwd:x\r\n${media}a=mid:0\r\nm=application 9 Y z\r\n${media}a=mid:1\r\n`;

describe("announceIceLite", () => {
  it("moves the attribute from the media sections to the session, once", () => {
    expect(announceIceLite(answer("", "a=ice-lite\r\n"))).toBe(answer("a=ice-lite\r\n", ""));
  });

  it("leaves a full agent's answer alone", () => {
    expect(announceIceLite(answer("", ""))).toBe(answer("", ""));
  });
});

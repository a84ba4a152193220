import { describe, expect, it } from "vitest";
import { KeptTexts } from "../../shared/kept-texts.ts";
import { MAX_KEPT_TEXT_CHARS } from "../../shared/limits.ts";
import { Account } from "./account.ts";

const TOO_LARGE = "x".repeat(MAX_KEPT_TEXT_CHARS + 1);

describe("the account of what both sides have heard", () => {
  it("has what the node lacks, without the greeting that it counts", () => {
    const sent = new KeptTexts();
    const account = new Account(() => 0, sent);
    for (const text of ["a", "b", "c"]) sent.add(text);
    expect(account.missing(2)).toEqual(["b", "c"]);
    expect(account.missing(4)).toEqual([]);
  });

  it("says nothing twice after a text that could not be kept was lost", () => {
    const sent = new KeptTexts();
    const account = new Account(() => 0, sent);
    sent.add("a");
    sent.add(TOO_LARGE);
    // The greeting and "a".
    expect(account.missing(2)).toEqual([]);
    sent.add("b");
    // And "b".
    expect(account.missing(3)).toEqual([]);
    sent.add("c");
    expect(account.missing(3)).toEqual(["c"]);
  });

  it("knows how many of the node's texts come again", () => {
    let received = 5;
    const account = new Account(() => received, new KeptTexts());
    expect(account.repeated(5)).toBe(0);
    received = 7;
    expect([account.repeated(5), account.heard]).toEqual([2, 7]);
  });

  it("asks for nothing again after the node could not keep one that was lost", () => {
    let received = 5;
    const account = new Account(() => received, new KeptTexts());
    expect(account.repeated(6)).toBe(0);
    expect(account.heard).toBe(6);
    received = 6;
    expect([account.heard, account.repeated(7)]).toEqual([7, 0]);
  });
});

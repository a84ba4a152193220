import { parse } from "valibot";
import { expect, it } from "vitest";
import { StreamDescriptor } from "../../shared/descriptor.ts";
import { ReplyOnPause } from "../handlers/reply-on-pause.ts";
import { ReplyOnStopWords } from "../handlers/reply-on-stop-words.ts";
import { Stream } from "./stream.ts";

async function* answer() {
  yield* [];
}
const sttModel = { stt: async () => await Promise.resolve("") };
const waitingFor = (words: string[]) =>
  new Stream(new ReplyOnStopWords(answer, words, { sttModel }), { modality: "audio" }).describe("a", 1);

it("tells the page which words a stream waits for, and nothing of a stream that waits for none", () => {
  const described = waitingFor(["computer", " hey you "]);
  expect(parse(StreamDescriptor, described).stopWords).toEqual(["computer", "hey you"]);
  const listens = new Stream(new ReplyOnPause(answer), { modality: "audio" }).describe("a", 1);
  expect("stopWords" in listens).toBe(false);
});

it("tells as many as a person reads, though all of them work", () => {
  const many = Array.from({ length: 20 }, (_, i) => `word ${i}`);
  const described = waitingFor(["x".repeat(100), ...many]);
  expect(parse(StreamDescriptor, described).stopWords).toEqual(many.slice(0, 8));
});

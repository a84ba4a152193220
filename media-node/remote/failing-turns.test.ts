/** What a failing or stalling model costs: one turn, with an error message, and the session listens on. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { writeWav } from "../audio/wav.ts";
import { ReplyOnPause } from "../handlers/reply-on-pause.ts";
import { ScriptedContext } from "../handlers/testing/scripted-context.ts";
import { getLanguageModel, getSTTModel, getTTSModel } from "../speech/index.ts";
import { type Answer, chatEvents, ModelServer } from "./testing/model-server.ts";

const SPOKEN = { bytes: writeWav(new Int16Array(2_400).fill(1), 24_000) };
const TRANSCRIBED = { json: { text: "Hello." } };
const ANSWERED = { events: chatEvents("Hi. ", "How are you?") };

let servers: Record<"stt" | "llm" | "tts", ModelServer>;
beforeAll(async () => {
  servers = { stt: await ModelServer.open(), llm: await ModelServer.open(), tts: await ModelServer.open() };
});
afterAll(() => Promise.all(Object.values(servers).map((server) => server.close())));

function open() {
  const endpoint = (server: ModelServer) => ({ baseURL: server.url, model: "m", timeoutMs: 100 });
  const [stt, tts] = [getSTTModel(endpoint(servers.stt)), getTTSModel(endpoint(servers.tts))];
  const llm = getLanguageModel(endpoint(servers.llm));
  const handler = new ReplyOnPause(
    async function* ({ audio, history, signal }) {
      history.user(await stt.stt(audio, { signal }));
      yield* tts.stream(llm.stream(history.messages, { signal }), { signal });
    },
    { inputSampleRate: 16_000 },
  );
  const scripted = new ScriptedContext();
  const { emit, played } = scripted.start(handler);
  const say = (probability: number, windows: number) => {
    for (let i = 0; i < windows; i++) {
      void handler.receive({
        sampleRate: 16_000,
        samples: Int16Array.from({ length: 512 }, (_, n) => 3_000 * Math.sin(n)),
      });
      scripted.window(probability);
    }
  };
  return {
    handler,
    events: scripted.events,
    /** Says something, and takes what comes back until the turn is over. */
    async turn(): Promise<number> {
      say(0.9, 20);
      say(0, 30);
      let frames = 0;
      while ((await emit()) !== undefined) frames += 1;
      played();
      return frames;
    },
  };
}

const failures: [string, keyof typeof servers, Answer, string][] = [
  ["speech to text that is down", "stt", { status: 503, text: "down" }, "HTTP 503"],
  ["speech to text that says nothing", "stt", "hang", "did not answer"],
  ["a language model that is down", "llm", { status: 500, text: "down" }, "HTTP 500"],
  [
    "a language model that stops in the middle",
    "llm",
    { events: chatEvents("Hi. How").slice(0, 1), open: true },
    "did not answer",
  ],
  ["text to speech that refuses", "tts", { status: 400, text: "no such voice" }, "HTTP 400"],
  ["text to speech that says nothing", "tts", "hang", "did not answer"],
];

it.each(failures)("%s costs one turn", async (_what, broken, answer, told) => {
  servers.stt.answer = TRANSCRIBED;
  servers.llm.answer = ANSWERED;
  servers.tts.answer = SPOKEN;
  const { handler, turn, events } = open();
  expect(await turn()).toBe(2);

  servers[broken].answer = answer;
  await turn();
  expect(events.filter((event) => event.startsWith("error"))).toEqual([expect.stringContaining(told)]);
  expect(events.at(-1)).toBe("[listening]");

  servers.stt.answer = TRANSCRIBED;
  servers.llm.answer = ANSWERED;
  servers.tts.answer = SPOKEN;
  expect(await turn()).toBe(2);
  handler.shutdown();
});

/** A reply function that does what it is told, when it is told, and never looks at its signal: the worst there is. */
import { AdditionalOutputs, CloseStream, type Emission } from "../../emission.ts";
import type { ReplyFunction } from "../../reply-function.ts";

export type Command =
  | "yields"
  | "yields much"
  | "yields outputs"
  | "yields garbage"
  | "throws"
  | "finishes"
  | "hangs up";

/** Two packets and a half, and more than the player takes at once. */
const SHORT_MS = 50;
const LONG_MS = 1_200;
/** As it is sent: nothing is resampled. */
const SAMPLE_RATE = 24_000;

/** One call of the function. */
export interface Run {
  readonly signal: AbortSignal;
  /** What it was asked about, in samples. */
  readonly asked: number;
  /** `waiting` for a command; `held` back until its value is taken; `over`. */
  state: "waiting" | "held" | "over";
  /** Milliseconds of audio that it has given. */
  givenMs: number;
  /** Only while it waits. */
  tell: (command: Command) => void;
}

/** The function, and where its runs are found. */
export function scriptedReply(): { readonly fn: ReplyFunction; readonly runs: Run[] } {
  const runs: Run[] = [];
  const fn: ReplyFunction = async function* ({ signal, audio }) {
    const run: Run = { signal, asked: audio.samples.length, state: "waiting", givenMs: 0, tell: () => undefined };
    runs.push(run);
    try {
      for (;;) {
        run.state = "waiting";
        const command = await new Promise<Command>((resolve) => {
          run.tell = resolve;
        });
        run.state = "held";
        if (command === "finishes") return;
        if (command === "throws") throw new Error("scripted");
        if (command === "yields") run.givenMs += SHORT_MS;
        if (command === "yields much") run.givenMs += LONG_MS;
        yield emissionOf(command);
      }
    } finally {
      run.state = "over";
    }
  };
  return { fn, runs };
}

function emissionOf(command: Exclude<Command, "finishes" | "throws">): Emission {
  switch (command) {
    case "yields":
    case "yields much":
      return { sampleRate: SAMPLE_RATE, samples: loud(command === "yields" ? SHORT_MS : LONG_MS) };
    case "yields outputs":
      return new AdditionalOutputs("output");
    case "yields garbage":
      // What TypeScript would not let anybody yield, and JavaScript does.
      return { sampleRate: 1 } as Emission;
    case "hangs up":
      return new CloseStream();
  }
}

function loud(durationMs: number): Int16Array {
  return new Int16Array((durationMs * SAMPLE_RATE) / 1_000).fill(8_000);
}

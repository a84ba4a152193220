/**
 * Holds conversations inside the process before the first real one: what V8 has not compiled yet costs several times as much, and
 * compiling the codec and everything around it takes half a second of a core, which would be missing in the first calls.
 */
import { Application, createEncoder } from "libopus-wasm";
import { FRAME_MS } from "../../audio/opus.ts";
import type { VadStream } from "../../handlers/context.ts";
import { ReplyOnPause } from "../../handlers/reply-on-pause.ts";
import { Session } from "../../session/session.ts";
import { Stream } from "../../stream/stream.ts";
import { VirtualClock } from "../../time/virtual-clock.ts";
import { SealedTransport } from "./sealed-transport.ts";

/** More would save a little more, and nodes would start later. */
const TURNS = 3;
const SPEECH_MS = 1_600;
/** For the turn to end, and for the reply to be heard. */
const SILENCE_MS = 2_800;
const SAMPLE_RATE = 48_000;
const FRAME_SAMPLES = (SAMPLE_RATE * FRAME_MS) / 1_000;
const VAD_WINDOW_SAMPLES = 512;

/** A caller speaks, and hears what they said, in virtual time. @returns packets that they were sent. */
export async function warmUpSessions(clock = new VirtualClock()): Promise<number> {
  const [speech, silence] = [await spoken(voice), await spoken(() => 0)];
  const call = new Call(clock);
  await call.connect();
  for (let turn = 0; turn < TURNS; turn++) {
    for (let ms = 0; ms < SPEECH_MS + SILENCE_MS; ms += FRAME_MS) {
      const talks = ms < SPEECH_MS;
      const packets = talks ? speech : silence;
      const packet = packets[(ms / FRAME_MS) % packets.length];
      if (packet !== undefined) call.hear(packet, talks);
      await clock.advanceAsync(FRAME_MS);
    }
  }
  await call.hangUp();
  return call.session.transport.sent;
}

/** One caller, and the session at the other end. */
class Call {
  readonly session: Session<SealedTransport>;
  readonly #clock: VirtualClock;
  #talks = false;

  constructor(clock: VirtualClock) {
    this.#clock = clock;
    const stream = new Stream(new ReplyOnPause(echo), { modality: "audio" });
    this.session = new Session({
      sid: "warm-up",
      clientId: "warm-up",
      stream: { stream, descriptor: stream.describe("warm-up", 0) },
      connect: (events) => new SealedTransport(clock, events),
      clock,
      openVad: (onProbability) => this.#openVad(onProbability),
      log: { info: () => undefined, error: () => undefined },
      onConnected: () => undefined,
      onOutput: () => undefined,
      onEnded: () => undefined,
    });
  }

  async connect(): Promise<void> {
    await this.session.begin(() => Promise.resolve());
    const { events } = this.session.transport;
    events.connected();
    events.hello();
    events.channelOpen();
  }

  hear(packet: Uint8Array, talks: boolean): void {
    this.#talks = talks;
    this.session.transport.hear(packet);
  }

  async hangUp(): Promise<void> {
    this.session.end("client_closed");
    await this.#clock.advanceAsync(0);
    await this.session.gone;
  }

  /** Who talks is known: the real one has a thread that does not keep up with virtual time. */
  #openVad(onProbability: (probability: number) => void): VadStream {
    let samples = 0;
    let state: "open" | "closed" = "open";
    return {
      push: ({ length }) => {
        samples += length;
        for (; state === "open" && samples >= VAD_WINDOW_SAMPLES; samples -= VAD_WINDOW_SAMPLES)
          onProbability(this.#talks ? 1 : 0);
      },
      reset: () => {
        samples = 0;
      },
      close: () => {
        state = "closed";
      },
    };
  }
}

async function* echo({ audio }: { readonly audio: { readonly sampleRate: number; readonly samples: Int16Array } }) {
  yield audio;
}

/** A second of sound as browsers send it: Opus for voice. */
async function spoken(sample: (n: number) => number): Promise<readonly Uint8Array[]> {
  const encoder = await createEncoder({
    channels: 1,
    sampleRate: SAMPLE_RATE,
    application: Application.Voip,
    bitrate: 32_000,
  });
  try {
    return Array.from({ length: 1_000 / FRAME_MS }, (_, frame) =>
      encoder.encode(Int16Array.from({ length: FRAME_SAMPLES }, (_, n) => sample(frame * FRAME_SAMPLES + n))),
    );
  } finally {
    encoder.free();
  }
}

/** Something like a voice: harmonics of 140 Hz, louder and softer four times a second, and breath. `n` counts samples. */
function voice(n: number): number {
  const seconds = n / SAMPLE_RATE;
  let sum = 0;
  for (let harmonic = 1; harmonic <= 12; harmonic++) sum += Math.sin(2 * Math.PI * 140 * harmonic * seconds) / harmonic;
  const breath = ((n * 7_919) % 2_003) / 1_001.5 - 1;
  return Math.round((0.6 + 0.4 * Math.sin(8 * Math.PI * seconds)) * (4_000 * sum + 600 * breath));
}

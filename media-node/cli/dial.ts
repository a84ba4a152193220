/** `edgertc dial`: a telephone call without a telephone, to try a stream as a caller would hear it. */
import { readFile, writeFile } from "node:fs/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { EdgeRtcError } from "../../shared/errors.ts";
import { TELEPHONE_RATE, TelephoneProvider } from "../../shared/telephone/call-message.ts";
import { toInt16, toMono } from "../audio/frame.ts";
import { resample } from "../audio/resample.ts";
import { readWav, writeWav } from "../audio/wav.ts";
import { PhoneCall, type PhoneEvent } from "../telephone/simulator/phone-call.ts";
import {
  type Loudspeaker,
  openLoudspeaker,
  openMicrophone,
  type SoundDevice,
} from "../telephone/simulator/sound-card.ts";
import { systemClock } from "../time/clock.ts";
import { positiveNumber } from "./options.ts";

interface DialFlags {
  readonly wav?: string;
  readonly microphone?: true;
  readonly loudspeaker?: true;
  readonly record?: string;
  readonly provider: TelephoneProvider;
  readonly token?: string;
  readonly from?: string;
  readonly to?: string;
  readonly code?: string;
  readonly keys?: string;
  readonly seconds?: number;
}

export function dialCommand(): Command {
  return new Command("dial")
    .description(
      "call a stream as a telephone provider does: says a WAV file or what the microphone hears, shows and records what comes back",
    )
    .argument("<url>", "the edge's URL, with the stream's path: http://127.0.0.1:8787/echo")
    .option("--wav <file>", "what to say, 16-bit PCM of any rate (default: nothing)")
    .addOption(new Option("--microphone", "say what the microphone hears, until Ctrl+C").conflicts("wav"))
    .option("--loudspeaker", "play what is heard; with --microphone, wear headphones")
    .option("--record <file>", "write what is heard, as a WAV file")
    .addOption(
      new Option("--provider <name>", "whose messages to send").choices(TelephoneProvider.options).default("twilio"),
    )
    .option("--token <secret>", "sign as Twilio, with the account's auth token (default: TWILIO_AUTH_TOKEN)")
    .option("--from <number>", "the caller's number", phoneNumber)
    .option("--to <number>", "the number called", phoneNumber)
    .option("--code <digits>", "keys to type when the instructions ask for some, such as a gateway's code", keys)
    .option("--keys <digits>", "keys to press once the call is connected: 0 to 9, * and #", keys)
    .option(
      "--seconds <number>",
      "hang up this long after the last word (default: 8); with --microphone, after the call's begin (default: not)",
      positiveNumber,
    )
    .action(dial);
}

/** After the last word of a WAV file. */
const DEFAULT_PATIENCE_S = 8;

async function dial(url: string, flags: DialFlags): Promise<void> {
  const { wav, record, provider, from, to } = flags;
  const authToken = flags.token ?? process.env["TWILIO_AUTH_TOKEN"];
  const said = wav === undefined ? new Int16Array(0) : telephoneAudio(await readFile(wav));
  const clock = systemClock;
  let loudspeaker: Loudspeaker | undefined;
  const call = new PhoneCall({
    url,
    provider,
    clock,
    ...(authToken === undefined ? {} : { authToken }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(flags.code === undefined ? {} : { answers: [flags.code] }),
    onEvent: (event) => console.log(lineOf(event)),
    onHeard: (samples) => loudspeaker?.play(samples),
  });
  const hangUp = (): void => call.hangUp();
  process.once("SIGINT", hangUp);
  const devices: SoundDevice[] = [];
  try {
    // Before the call: the first words must not wait for a device, nor a caller find out in mid-call that there is none.
    if (flags.loudspeaker === true) {
      loudspeaker = await openLoudspeaker({ clock });
      devices.push(loudspeaker);
    }
    if (flags.microphone === true) devices.push(await openMicrophone({ clock }, (samples) => call.sayLive(samples)));
    await call.dial();
    if (flags.keys !== undefined) call.press(flags.keys);
    await Promise.race([call.say(said), call.ended]);
    await waitFor(call, devices, flags);
  } finally {
    process.off("SIGINT", hangUp);
    call.hangUp();
    await Promise.all(devices.map((device) => device.close()));
  }
  if (record !== undefined) {
    await writeFile(record, writeWav(call.heard, TELEPHONE_RATE));
    console.log(`${(call.elapsedMs / 1_000).toFixed(1)} s in ${record}`);
  }
}

/** Until somebody hangs up or the time is up. @throws EdgeRtcError `sound_program_failed` where a device is lost. */
async function waitFor(
  call: PhoneCall,
  devices: readonly SoundDevice[],
  { microphone, seconds }: DialFlags,
): Promise<void> {
  const patience = Promise.withResolvers<void>();
  const patienceS = seconds ?? (microphone === true ? undefined : DEFAULT_PATIENCE_S);
  const timer = patienceS === undefined ? undefined : systemClock.after(patienceS * 1_000, () => patience.resolve());
  const lost = devices.map(async (device) => {
    throw new EdgeRtcError("sound_program_failed", await device.lost);
  });
  try {
    await Promise.race([patience.promise, call.ended, ...lost]);
  } finally {
    timer?.cancel();
  }
}

/** A recording as a telephone would carry it. */
function telephoneAudio(file: Uint8Array): Int16Array {
  const audio = readWav(file);
  const mono = toInt16(toMono(audio));
  return audio.sampleRate === TELEPHONE_RATE ? mono : resample(mono, audio.sampleRate, TELEPHONE_RATE);
}

function lineOf(event: PhoneEvent): string {
  const time = `${(event.atMs / 1_000).toFixed(2).padStart(7)} s`;
  switch (event.event) {
    case "instruction":
      return `${time}  instructed: ${event.steps.map(({ step }) => step).join(", ")}`;
    case "said":
      return `${time}  the provider says: ${event.text}`;
    case "typed":
      return `${time}  typed ${event.digits}`;
    case "connected":
      return `${time}  connected to ${event.url}`;
    case "played":
      return `${time}  mark ${event.name}`;
    case "cleared":
      return `${time}  cleared ${event.droppedMs} ms`;
    case "fault":
      return `${time}  fault: ${event.what}`;
    case "disconnected":
      return `${time}  disconnected (${event.code}${event.reason === "" ? "" : ` ${event.reason}`})`;
    case "ended":
      return `${time}  the call is over`;
  }
}

function phoneNumber(value: string): string {
  if (!/^\+?[0-9]{3,15}$/.test(value)) throw new InvalidArgumentError("Must be like +14155550100.");
  return value;
}

function keys(value: string): string {
  if (!/^[0-9*#A-D]{1,32}$/.test(value)) throw new InvalidArgumentError("Must be of 0 to 9, * and #, 32 at most.");
  return value;
}

/**
 * The programs that record and play sound, by platform, the likeliest to work first, and what to tell them: 8 kHz, 16 bits, one channel, raw,
 * on their standard output or input, with as little delay as they can.
 */
import { TELEPHONE_RATE } from "../../../shared/telephone/call-message.ts";

export type SoundTask = "record" | "play";

export interface SoundProgram {
  /** Looked for on PATH. */
  readonly name: string;
  readonly args: readonly string[];
}

const RATE = String(TELEPHONE_RATE);
const RAW_BYTES_PER_FRAME = "640";
const PULSE = ["--raw", "--format=s16le", `--rate=${RATE}`, "--channels=1"];
const ALSA = ["-q", "-t", "raw", "-f", "S16_LE", "-r", RATE, "-c", "1", "--buffer-time=200000", "--period-time=20000"];
const SOX_RAW = ["-t", "raw", "-r", RATE, "-e", "signed-integer", "-b", "16", "-c", "1", "-"];
const SOX_HEAD = ["-q", "--buffer", RAW_BYTES_PER_FRAME];
const FFMPEG_HEAD = ["-loglevel", "error"];

const sox = (device: readonly string[]): Readonly<Record<SoundTask, SoundProgram>> => ({
  record: { name: "sox", args: [...SOX_HEAD, ...device, ...SOX_RAW] },
  play: { name: "sox", args: [...SOX_HEAD, ...SOX_RAW, ...device] },
});

const ffmpeg = (input: readonly string[]): Readonly<Record<SoundTask, SoundProgram>> => ({
  record: {
    name: "ffmpeg",
    args: [
      ...FFMPEG_HEAD,
      "-nostdin",
      ...input,
      "-ac",
      "1",
      "-ar",
      RATE,
      "-f",
      "s16le",
      "-flush_packets",
      "1",
      "pipe:1",
    ],
  },
  play: {
    name: "ffplay",
    args: [
      ...[...FFMPEG_HEAD, "-nodisp", "-autoexit", "-fflags", "nobuffer", "-flags", "low_delay", "-probesize", "32"],
      ...["-f", "s16le", "-sample_rate", RATE, "-i", "pipe:0"],
    ],
  },
});

type Programs = readonly Readonly<Record<SoundTask, SoundProgram>>[];

/** PulseAudio's speak to PipeWire, too. */
const LINUX: Programs = [
  {
    record: { name: "parec", args: [...PULSE, "--latency-msec=40"] },
    play: { name: "pacat", args: ["--playback", ...PULSE, "--latency-msec=60"] },
  },
  {
    record: { name: "arecord", args: ALSA },
    play: { name: "aplay", args: [...ALSA, "--start-delay=60000", "-"] },
  },
  sox(["-d"]),
  ffmpeg(["-f", "pulse", "-fragment_size", "3840", "-i", "default"]),
];
const MAC: Programs = [sox(["-d"]), ffmpeg(["-f", "avfoundation", "-i", ":default"])];
const WINDOWS: Programs = [sox(["-t", "waveaudio", "default"])];

export function soundPrograms(task: SoundTask, platform: NodeJS.Platform): readonly SoundProgram[] {
  const programs = platform === "darwin" ? MAC : platform === "win32" ? WINDOWS : LINUX;
  return programs.map((program) => program[task]);
}

/**
 * The dial around the button, as numbers: how long each of its ticks is and in whose colour. The person's voice enters
 * at the bottom and travels up both sides; the other side's enters at the top and travels down.
 */
import type { Phase } from "../state/phase.ts";
import { type LevelsTrail, TRAIL_FRAMES } from "./levels-trail.ts";

export const TICKS = 96;

export interface Tick {
  /** 0 is the resting length, 1 the longest. */
  readonly length: number;
  /** Share of colour over the resting grey, 0 to 1. */
  readonly tint: number;
  readonly side: "user" | "bot";
}

export interface DialInput {
  readonly phase: Phase;
  readonly trail: LevelsTrail;
  readonly timeMs: number;
  /** The person asked their system for less motion: levels without travel, phases without movement. */
  readonly still: boolean;
}

/** Share of a voice's length that is lost on its way around. */
const FADE = 0.88;
/** Below this a level is room noise and gets no colour. */
const COLOUR_FROM = 0.06;

const UNHEARD: readonly Phase[] = ["asking", "connecting", "queued", "interrupted"];

/** @param index counted clockwise from the top. */
export function tickAt(index: number, input: DialInput): Tick {
  const turn = index / TICKS;
  /** 0 at the top, 1 at the bottom. */
  const depth = 1 - Math.abs(1 - 2 * turn);
  const motion = motionAt(turn, depth, input);
  // Nobody is heard yet, or any more: a moving dial would say otherwise.
  if (UNHEARD.includes(input.phase)) return motion;
  const voice = voiceAt(depth, input);
  return voice.length >= motion.length ? voice : motion;
}

function voiceAt(depth: number, { trail, still }: DialInput): Tick {
  const frames = (distance: number) => (still ? 0 : distance * (TRAIL_FRAMES - 1));
  const user = trail.input(frames(1 - depth)) * (1 - FADE * (1 - depth)) * (still && depth < 0.5 ? 0 : 1);
  const bot = trail.output(frames(depth)) * (1 - FADE * depth) * (still && depth >= 0.5 ? 0 : 1);
  const length = Math.max(user, bot);
  return { length, tint: Math.min(1, Math.max(0, (length - COLOUR_FROM) * 5)), side: user >= bot ? "user" : "bot" };
}

/** What the phase itself does with the ticks. */
function motionAt(turn: number, depth: number, { phase, timeMs, still }: DialInput): Tick {
  const wave = (periodMs: number) => (still ? 0.5 : 0.5 - 0.5 * Math.cos((2 * Math.PI * timeMs) / periodMs));
  /** 1 at the top and at the bottom, 0 between them. */
  const calm = Math.abs(2 * depth - 1);
  switch (phase) {
    case "connecting":
    case "queued": {
      const behind = still ? 0.5 : (timeMs / 1_100 - turn) % 1;
      return { length: 0.14, tint: still ? 0.4 : fallOff(behind, 0.45), side: "user" };
    }
    case "interrupted":
      return { length: 0.06, tint: 0.9 * wave(1_200), side: "bot" };
    case "asking":
      return {
        length: 0.26 * bell(1 - depth, 0.2) * (0.5 + 0.5 * wave(1_600)),
        tint: bell(1 - depth, 0.2),
        side: "user",
      };
    case "thinking": {
      // Two comets, half a turn apart.
      const near = still
        ? 0.4
        : fallOff((timeMs / 1_800 - turn) % 1, 0.3) + fallOff((timeMs / 1_800 - turn + 0.5) % 1, 0.3);
      return { length: 0.24 * near, tint: near, side: "bot" };
    }
    case "idle":
      // A quiet sign of the two voices that will be here.
      return { length: 0.04 + 0.2 * calm ** 3, tint: 0.9 * calm ** 1.4, side: depth > 0.5 ? "user" : "bot" };
    default:
      return { length: 0, tint: 0, side: "user" };
  }
}

/** 1 at the comet's head, 0 from `length` of a turn behind it on. */
function fallOff(behind: number, length: number): number {
  const distance = ((behind % 1) + 1) % 1;
  return distance < length ? (1 - distance / length) ** 1.6 : 0;
}

function bell(distance: number, width: number): number {
  return Math.exp(-((distance / width) ** 2));
}

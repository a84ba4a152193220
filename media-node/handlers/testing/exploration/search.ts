/**
 * Walks through every order of events up to a depth, breadth first. A world cannot be copied, so each path is played again from the
 * beginning; paths that lead to the same state are followed once.
 */

export interface World<Event extends string> {
  /** What can happen now. Nothing: this is an end. */
  enabled(): readonly Event[];
  happen(event: Event): Promise<void>;
  /** What tells this state from every other: two that have it in common go on in the same way. */
  fingerprint(): string;
  /** @throws Error where something does not hold that always must. */
  check(): void;
  /** Whatever this state is, all must end well. Called once, last. @throws Error where it does not. */
  finish(): Promise<void>;
}

export interface SearchOptions<Event extends string> {
  readonly start: () => Promise<World<Event>>;
  /** Events in a row. */
  readonly depth: number;
  /** Ends the search. Default 5. */
  readonly maxFailures?: number;
}

export interface Failure {
  /** The events that led there. */
  readonly path: string;
  readonly error: Error;
}

export interface Found {
  /** Distinct states. */
  readonly states: number;
  /** Paths played. */
  readonly paths: number;
  /** Every fingerprint met. */
  readonly fingerprints: ReadonlySet<string>;
  readonly failures: readonly Failure[];
}

interface Node<Event> {
  readonly path: readonly Event[];
  readonly enabled: readonly Event[];
}

export async function explore<Event extends string>(options: SearchOptions<Event>): Promise<Found> {
  const { start, depth, maxFailures = 5 } = options;
  const fingerprints = new Set<string>();
  const failures: Failure[] = [];
  let paths = 0;

  /** Plays a path. @returns the state at its end, where that is a new one. */
  const play = async (path: readonly Event[]): Promise<Node<Event> | undefined> => {
    paths += 1;
    try {
      const world = await start();
      for (const event of path) await world.happen(event);
      world.check();
      const fingerprint = world.fingerprint();
      if (fingerprints.has(fingerprint)) return undefined;
      fingerprints.add(fingerprint);
      const enabled = world.enabled();
      await world.finish();
      return { path, enabled };
    } catch (error) {
      failures.push({ path: path.join(", "), error: error instanceof Error ? error : new Error(String(error)) });
      return undefined;
    }
  };

  const first = await play([]);
  let frontier = first === undefined ? [] : [first];
  for (let length = 1; length <= depth && frontier.length > 0; length++) {
    const next: Node<Event>[] = [];
    for (const { path, enabled } of frontier) {
      for (const event of enabled) {
        if (failures.length >= maxFailures) return { states: fingerprints.size, paths, fingerprints, failures };
        const node = await play([...path, event]);
        if (node !== undefined) next.push(node);
      }
    }
    frontier = next;
  }
  return { states: fingerprints.size, paths, fingerprints, failures };
}

export interface WalkOptions<Event extends string> {
  readonly start: () => Promise<World<Event>>;
  readonly walks: number;
  /** Events of each. */
  readonly length: number;
  /** Would end most walks early: left out. */
  readonly without: readonly Event[];
  /** The same walks for the same seed. */
  readonly seed: number;
}

/** Long walks at random: for what a search to a depth does not reach, and for states that it takes for one. @returns the failures. */
export async function wander<Event extends string>(options: WalkOptions<Event>): Promise<readonly Failure[]> {
  const { start, walks, length, without, seed } = options;
  const failures: Failure[] = [];
  const random = randomNumbers(seed);
  for (let walk = 0; walk < walks; walk++) {
    const path: Event[] = [];
    try {
      const world = await start();
      for (let step = 0; step < length; step++) {
        const enabled = world.enabled().filter((event) => !without.includes(event));
        const event = enabled[Math.floor(random() * enabled.length)];
        if (event === undefined) break;
        path.push(event);
        await world.happen(event);
        world.check();
      }
      await world.finish();
    } catch (error) {
      failures.push({ path: path.join(", "), error: error instanceof Error ? error : new Error(String(error)) });
    }
  }
  return failures;
}

/** From 0 to 1. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

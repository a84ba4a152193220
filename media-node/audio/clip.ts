/** A piece of audio that somebody wrote, on its way out: knows how much of it has left, and tells whoever wants to know. */

/** What whoever wrote audio wants to know of it. */
export interface Watcher {
  /** Its first sample leaves. Never, if it is cleared before. */
  readonly onStart: () => void;
  /** It is cleared after that; `heard` is the share of it that had left, from 0 to 1. */
  readonly onCut?: ((heard: number) => void) | undefined;
}

export class Clip {
  readonly #watcher: Watcher;
  readonly #samples: number;
  #sent = 0;
  /** Its watcher knows that it has begun. */
  #begun = false;

  constructor(watcher: Watcher, samples: number) {
    this.#watcher = watcher;
    this.#samples = samples;
  }

  /** Some more of it leaves. */
  send(samples: number): void {
    this.#sent += samples;
    if (this.#begun) return;
    this.#begun = true;
    this.#watcher.onStart();
  }

  /** What left of it last is not heard: it is taken back. */
  takeBack(samples: number): void {
    this.#sent -= samples;
  }

  /** Nothing of it follows. */
  cut(): void {
    if (this.#begun) this.#watcher.onCut?.(Math.min(1, this.#sent / this.#samples));
  }
}

/** Some samples of a clip in a frame. */
export interface Share {
  readonly clip: Clip;
  readonly samples: number;
}

/** Hearing the other side: an audio element that belongs to the call. */

/** Whatever a browser takes for the person's wish to hear something. */
const GESTURES = ["click", "keydown"] as const;

export class Playback {
  readonly #element = new Audio();
  readonly #onBlocked: () => void;

  /** @param onBlocked the browser plays nothing before the person clicks somewhere. */
  constructor(onBlocked: () => void) {
    this.#onBlocked = onBlocked;
    this.#element.autoplay = false;
  }

  set muted(muted: boolean) {
    this.#element.muted = muted;
  }

  play(stream: MediaStream): void {
    this.#element.srcObject = stream;
    void this.resume();
  }

  /** Tries again to play; to be called in a user gesture after it was blocked. */
  async resume(): Promise<void> {
    if (this.#element.srcObject === null) return;
    try {
      await this.#element.play();
    } catch (error) {
      // An AbortError only says that the call ended, or that a new stream came, before the first sound.
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      for (const gesture of GESTURES) addEventListener(gesture, this.#onGesture);
      this.#onBlocked();
    }
  }

  readonly #onGesture = (): void => {
    for (const gesture of GESTURES) removeEventListener(gesture, this.#onGesture);
    void this.resume();
  };

  close(): void {
    for (const gesture of GESTURES) removeEventListener(gesture, this.#onGesture);
    this.#element.pause();
    this.#element.srcObject = null;
  }
}

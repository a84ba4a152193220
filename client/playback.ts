/** Hearing the other side: an audio element that belongs to the call. */

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
      if (error instanceof DOMException && error.name === "NotAllowedError") this.#onBlocked();
    }
  }

  close(): void {
    this.#element.pause();
    this.#element.srcObject = null;
  }
}

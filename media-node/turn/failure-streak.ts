/** Says only the first of failures in a row: what fails with every piece of audio would be said twice a second. */

export class FailureStreak {
  readonly #report: (error: unknown) => void;
  #state: "fine" | "failing" = "fine";

  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  failed(error: unknown): void {
    if (this.#state === "fine") this.#report(error);
    this.#state = "failing";
  }

  succeeded(): void {
    this.#state = "fine";
  }
}

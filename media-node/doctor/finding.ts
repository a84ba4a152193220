/** What the doctor says: one sentence of what is so and, where something is wrong, why that is and what to do. */

export type Finding = Good | Bad;

/** `skipped`: could not be looked at, for the reason it says. */
export interface Good {
  readonly check: string;
  readonly level: "ok" | "skipped";
  readonly what: string;
}

/** `failure`: calls do not connect, or not for everybody. `warning`: they may not, somewhere or some day. */
export interface Bad {
  readonly check: string;
  readonly level: "warning" | "failure";
  readonly what: string;
  readonly why: string;
  readonly fix: string;
}

export const ok = (check: string, what: string): Good => ({ check, level: "ok", what });
export const skipped = (check: string, what: string): Good => ({ check, level: "skipped", what });
export const warning = (check: string, what: string, why: string, fix: string): Bad => ({
  check,
  level: "warning",
  what,
  why,
  fix,
});
export const failure = (check: string, what: string, why: string, fix: string): Bad => ({
  check,
  level: "failure",
  what,
  why,
  fix,
});

/** 1 if calls fail, else 0. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 {
  return findings.some(({ level }) => level === "failure") ? 1 : 0;
}

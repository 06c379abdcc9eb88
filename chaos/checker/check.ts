import type { RunHistory } from './run-history.ts';

/** The result of one check. `checked` is how many things it looked at: a check of nothing proves nothing. */
export type Finding = Readonly<{ checked: number; violations: readonly string[] }>;

/** One rule that a run must keep. */
export type Check = Readonly<{
  id: string;
  title: string;
  judge: (history: RunHistory) => Finding;
}>;

/** Gathers what a check sees. */
export class Findings implements Finding {
  checked = 0;
  readonly violations: string[] = [];

  /** Counts one thing that was looked at, and notes the violation if there is one. */
  expect(isKept: boolean, violation: () => string): void {
    this.checked += 1;
    if (!isKept) this.violations.push(violation());
  }
}

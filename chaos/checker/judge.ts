import type { HistoryRecord } from '../history/record.ts';
import { attemptsRecorded, notBeforeTime, retryAfterKept } from './attempts.ts';
import type { Check, Finding } from './check.ts';
import {
  deadLettersComplete,
  noneOfOthers,
  nothingInvented,
  nothingMissing,
  oneId,
  sameBytes,
} from './delivered.ts';
import { fewDuplicates } from './duplicates.ts';
import { limitsKept, nothingAfterEnd } from './limits.ts';
import { orderKept } from './order.ts';
import { RunHistory } from './run-history.ts';
import { validSignatures } from './signatures.ts';

/** Every rule, in the order of its number. */
const checks: readonly Check[] = [
  nothingMissing,
  nothingInvented,
  oneId,
  sameBytes,
  validSignatures,
  orderKept,
  nothingAfterEnd,
  noneOfOthers,
  attemptsRecorded,
  notBeforeTime,
  retryAfterKept,
  limitsKept,
  deadLettersComplete,
  fewDuplicates,
];

/** The finding of a check, with its id and title. */
export type Verdict = Readonly<{ id: string; title: string }> & Finding;

/** Judges the records of a run by every rule. */
export const judge = (records: readonly HistoryRecord[]): readonly Verdict[] => {
  const history = new RunHistory(records);
  return checks.map(({ id, title, judge: judgeBy }) => ({ id, title, ...judgeBy(history) }));
};

const shownViolations = 5;

/** Returns the verdicts as text, one line for each rule and up to five violations below it. */
export const verdictText = (verdicts: readonly Verdict[]): string =>
  verdicts
    .flatMap(({ id, title, checked, violations }) => {
      const result =
        violations.length > 0
          ? `${violations.length} VIOLATIONS`
          : checked === 0
            ? 'NOTHING TO CHECK'
            : 'kept';
      const hidden = violations.length - shownViolations;
      return [
        `${id.padEnd(4)} ${result.padEnd(17)} ${title} (${checked} checked)`,
        ...violations.slice(0, shownViolations).map((violation) => `       ${violation}`),
        ...(hidden > 0 ? [`       and ${hidden} more`] : []),
      ];
    })
    .join('\n');

/** Returns whether every rule was kept, and each of them had something to look at. */
export const isKept = (verdicts: readonly Verdict[]): boolean =>
  verdicts.every(({ checked, violations }) => checked > 0 && violations.length === 0);

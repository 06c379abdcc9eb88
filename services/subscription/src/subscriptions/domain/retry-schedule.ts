import { defaultRetryScheduleSeconds, shortRetryScheduleSeconds } from '@tidings/contracts';
import type { ErrorDetail } from '@tidings/json';
import { limits } from './limits.ts';

/** A schedule as a caller names it: a predefined one, or the seconds before each attempt. */
export type ScheduleChoice = 'default' | 'short' | readonly number[];

/** Returns the seconds before each attempt after the first. A leading 0 stands for the first attempt and is ignored. */
export function scheduleSeconds(choice: ScheduleChoice): readonly number[] {
  if (choice === 'default') return defaultRetryScheduleSeconds;
  if (choice === 'short') return shortRetryScheduleSeconds;
  return choice[0] === 0 ? choice.slice(1) : choice;
}

/** Returns the faults of a custom schedule. */
export function scheduleFaults(choice: ScheduleChoice): readonly ErrorDetail[] {
  if (typeof choice === 'string') return [];
  const pointer = '/retry_schedule';
  const steps = scheduleSeconds(choice);
  const faults: ErrorDetail[] = [];
  if (steps.length > limits.retrySteps) {
    const detail = `must have at most ${limits.retrySteps} steps after the first attempt, got ${steps.length}`;
    faults.push({ pointer, detail });
  }
  const skipped = choice.length - steps.length;
  steps.forEach((seconds, index) => {
    if (seconds >= 1) return;
    const detail = 'must be at least 1 second: only the first entry may be 0';
    faults.push({ pointer: `${pointer}/${index + skipped}`, detail });
  });
  const total = steps.reduce((sum, seconds) => sum + seconds, 0);
  if (total > limits.retryTotalSeconds) {
    const detail = `must add up to at most ${limits.retryTotalSeconds} seconds (7 days), got ${total}`;
    faults.push({ pointer, detail });
  }
  return faults;
}

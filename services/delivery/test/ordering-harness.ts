import { type DeliveryState, topics } from '@tidings/contracts';
import { onTestFinished } from 'vitest';
import { aCommand } from './builders.ts';
import { type Harness, startHarness } from './harness.ts';

/** Starts a process over a memory bus that ends with its test. */
export const start = async (env: Readonly<Record<string, string>> = {}): Promise<Harness> =>
  startHarness({ env, cleanUp: onTestFinished });

/** Builds commands whose bodies contain their number. */
export const numbered = (count: number, from = 0, overrides: Partial<DeliveryState> = {}) =>
  Array.from({ length: count }, (_, n) => aCommand(from + n, overrides));

/** Returns the numbers of all requests, in order. */
export const numbers = ({ sender }: Harness): number[] =>
  sender.sent.map(({ body }) => (JSON.parse(body.toString()) as { n: number }).n);

/** Counts entries of the changelog that have not ended. */
export const remainingEntries = ({ bus }: Harness): number => {
  const entries = new Map<string | null, boolean>();
  for (const { key, value } of bus.records(topics.orderingChangelog)) entries.set(key, value !== null);
  return [...entries.values()].filter((isThere) => isThere).length;
};

import type { DeadLetterReason } from '@tidings/contracts';
import type { ServiceContext } from '@tidings/observability';
import type { configSpec } from '../config.ts';
import type { metricsCatalogue } from '../metrics.ts';
import type { DeadLetter } from './domain/dead-letter.ts';
import type { DeadLetterCount } from './ports.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

export const countStored = ({ metrics }: Context, deadLetters: readonly DeadLetter[]): void => {
  for (const { ref, reason } of deadLetters) metrics.handles.deadLetters.inc({ kind: ref.kind, reason });
};

/** Creates gauges of the depth; a series that no longer occurs is set to 0. */
export const createDepthGauges = ({ metrics, clock }: Context) => {
  const { deadLettersWaiting, deadLettersOldestSeconds } = metrics.handles;
  const seen = new Map<string, Readonly<{ kind: DeadLetter['ref']['kind']; reason: DeadLetterReason }>>();
  return (counts: readonly DeadLetterCount[]): void => {
    const now = new Map<string, Readonly<{ count: number; oldestAtMs: number }>>();
    for (const { kind, reason, count, oldestAtMs } of counts) {
      const name = `${kind} ${reason}`;
      const known = now.get(name);
      seen.set(name, { kind, reason });
      now.set(name, {
        count: count + (known?.count ?? 0),
        oldestAtMs: Math.min(oldestAtMs, known?.oldestAtMs ?? oldestAtMs),
      });
    }
    for (const [name, labels] of seen) {
      const there = now.get(name);
      const ageMs = there === undefined ? 0 : Math.max(0, clock.nowMs() - there.oldestAtMs);
      deadLettersWaiting.set(labels, there?.count ?? 0);
      deadLettersOldestSeconds.set(labels, ageMs / 1_000);
    }
  };
};

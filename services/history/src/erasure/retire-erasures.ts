import { allTopics, topics } from '@tidings/contracts';
import type { Bus, Erasures, Producer } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { type Clock, messageOf, runPeriodically } from '@tidings/runtime';

/** The dependencies of retiring erasures. */
export type RetireParts = Readonly<{
  bus: Pick<Bus, 'ends' | 'readRecords'>;
  producer: Pick<Producer, 'publishAll'>;
  erasures: Pick<Erasures, 'values'>;
  clock: Clock;
  logger: Logger;
}>;

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
// After this time no command can come back that was under way at the erasure, see ADR 18: later ones do not carry its
// data.
const lastCopyMs = 30 * dayMs;

// The others hold no data of events.
const carriers = allTopics.filter(
  ({ kind }) => kind === 'log' || kind === 'work' || kind === 'ladder' || kind === 'facts',
);

/** Returns the time of the oldest record of all topics that hold data of events; null if it is not known now. */
const oldestRecordMs = async (bus: RetireParts['bus']): Promise<number | null> => {
  const ends = await bus.ends(carriers);
  let oldestMs = Number.POSITIVE_INFINITY;
  for (const topic of carriers) {
    const positions = ends
      .filter((end) => end.topic === topic.name && end.lowOffset < end.highOffset)
      .map(({ partition, lowOffset }) => ({ partition, offset: lowOffset }));
    for (const record of await bus.readRecords({ topic, positions })) {
      // Removed between the two reads: the next run knows.
      if (record === null) return null;
      oldestMs = Math.min(oldestMs, record.timestampMs);
    }
  }
  return oldestMs;
};

/** Writes the tombstones of erasures that nothing in the log needs any more; returns their number. */
export const retireErasures = async ({ bus, producer, erasures, clock }: RetireParts): Promise<number> => {
  const old = [...erasures.values()].filter(
    ({ requestedAtMs }) => requestedAtMs + lastCopyMs < clock.nowMs(),
  );
  if (old.length === 0) return 0;
  const oldestMs = await oldestRecordMs(bus);
  if (oldestMs === null) return 0;
  const over = old.filter(({ requestedAtMs }) => requestedAtMs + lastCopyMs < oldestMs);
  const tombstones = over.map(({ erasureId: key }) => ({ topic: topics.erasures, key, value: null }));
  if (tombstones.length > 0) await producer.publishAll(tombstones, { deadlineMs: 10_000 });
  return tombstones.length;
};

/** Retires erasures once a day. Returns a function that stops it. */
export const retirePeriodically = (parts: RetireParts): (() => void) => {
  const { clock, logger } = parts;
  const run = async (): Promise<void> => {
    try {
      const retired = await retireErasures(parts);
      if (retired > 0) logger.info({ erasures: retired }, 'erasures.retired');
    } catch (error) {
      // Other code reports brokers; the next run finds the same.
      logger.debug({ detail: messageOf(error) }, 'erasures.not-retired');
    }
  };
  return runPeriodically({ clock, firstMs: hourMs, everyMs: dayMs, run });
};

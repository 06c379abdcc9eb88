import { DecodeError, decodeAttempt, topics } from '@tidings/contracts';
import type { Bus, IncomingRecord } from '@tidings/kafka';
import type { SendWindow } from '../domain/send-window.ts';
import type { AttemptWatch } from '../ports.ts';

type Bounds = ReadonlyMap<number, bigint>;

/** Creates a watch over the attempts of one chain, from now on. */
export const createAttemptWatch = async (
  bus: Pick<Bus, 'readRange' | 'lag'>,
  group: string,
  { chain, isOrdered }: Readonly<{ chain: number; isOrdered: (subscriptionId: string) => boolean }>,
): Promise<AttemptWatch> => {
  const ends = async (): Promise<Bounds> =>
    new Map(
      (await bus.lag(group, [topics.attempts])).map(({ partition, highOffset }) => [partition, highOffset]),
    );
  let next = await ends();
  const mark = Buffer.from(`"chain":${chain},`);

  const take = (window: SendWindow, record: IncomingRecord): void => {
    const { key, value } = record;
    // Most records belong to others, and decoding is most of the cost.
    if (key === null || value === null || !window.isWaiting(key) || !value.includes(mark)) return;
    try {
      const { subscriptionId, deliveryId, outcome } = decodeAttempt(record);
      // A deferred command of an ordered queue still delays those behind it.
      if (outcome.kind === 'deferred' && isOrdered(subscriptionId)) return;
      window.ended(subscriptionId, deliveryId);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
    }
  };

  return {
    update: async (window) => {
      const until = await ends();
      await bus.readRange({
        topic: topics.attempts,
        partitions: [...until.keys()],
        from: { offsets: next },
        until,
        onRecord: (record) => take(window, record),
        service: 'fanout-replay',
      });
      next = until;
    },
  };
};

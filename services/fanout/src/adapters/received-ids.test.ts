import { topics } from '@tidings/contracts';
import type { LogEnds } from '@tidings/kafka';
import { expect, it } from 'vitest';
import { assertIdPartitions } from './received-ids.ts';

const busWith = (events: number, ids: number) => {
  const endsOf = (topic: string, count: number) =>
    Array.from(
      { length: count },
      (_, partition): LogEnds => ({ topic, partition, lowOffset: 0n, highOffset: 0n }),
    );
  return {
    ends: async () => [...endsOf(topics.events.name, events), ...endsOf(topics.receivedIds.name, ids)],
  };
};

it('refuses fewer partitions of ids than of events, and says what to do', async () => {
  await expect(assertIdPartitions(busWith(24, 12))).rejects.toMatchObject({
    code: 'config-invalid',
    message:
      'tidings.received-ids has 12 partitions, and tidings.events has 24: add partitions until it has as many, then start again',
  });
});

it.each([12, 24])('takes %i partitions of ids for 12 of events', async (count) => {
  await expect(assertIdPartitions(busWith(12, count))).resolves.toBeUndefined();
});

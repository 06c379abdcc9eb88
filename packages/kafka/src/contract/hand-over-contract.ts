import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { IncomingRecord, Producer, WorkItem } from '../bus.ts';
import {
  type BusHarness,
  finishing,
  freshName,
  keeping,
  longTimeout,
  messagesOf,
  numbered,
  numberOf,
  type OpenHarness,
  readAll,
  upTo,
} from './harness.ts';

const warmUp = 'warm-up';

/** Publishes records until one arrives that was not fetched: it has the very bytes of its producer. */
async function untilHandedOver(
  producer: Producer,
  topic: Parameters<typeof numbered>[0],
  seen: readonly IncomingRecord[],
): Promise<void> {
  await vi.waitFor(async () => {
    const value = Buffer.from(warmUp);
    await producer.publish({ topic, key: null, value });
    expect(seen.at(-1)?.value).toBe(value);
  }, longTimeout);
}

/** Defines the contract tests of records that consumers get from the producers of their process. */
export function handOverContract(open: OpenHarness): void {
  describe('hand-over in the process', () => {
    let harness: BusHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(async () => harness.close());

    const reading = async (topic: Parameters<typeof numbered>[0], seen: IncomingRecord[]) =>
      harness.bus.runPartitions({
        group: freshName('hand-over'),
        topics: [topic],
        decode: (record) => record,
        onBatch: ({ items }) => {
          for (const item of items) {
            seen.push(item.message);
            item.done();
          }
        },
      });

    it.each(['work', 'ladder'] as const)(
      'passes a record of a %s topic on as a fetch brings it',
      async (kind) => {
        const topic = await harness.topic({ kind });
        const producer = await harness.bus.producer();
        const seen: IncomingRecord[] = [];
        await reading(topic, seen);
        await untilHandedOver(producer, topic, seen);
        const headers = { ce_subject: 'Größe ✓', empty: '', half: 'a\ud800b', constructor: 'c' };
        await producer.publishAll([
          { topic, key: 'zoë', headers, value: Buffer.from([0, 255, 1]) },
          { topic, key: null, value: Buffer.alloc(0), timestampMs: 1_700_000_000_123 },
          { topic, key: '', headers: {}, value: null },
        ]);
        const stored = await readAll(harness.bus, topic);
        await vi.waitFor(() => expect(seen).toHaveLength(stored.length), longTimeout);
        expect(seen).toEqual(stored);
        expect(seen.at(-1)).toStrictEqual(stored.at(-1));
      },
    );

    it('keeps the order of the log, whichever process has appended a record', async () => {
      const topic = await harness.topic();
      const producer = await harness.bus.producer();
      const elsewhere = await (await harness.peer()).producer();
      const seen: IncomingRecord[] = [];
      await reading(topic, seen);
      await untilHandedOver(producer, topic, seen);
      for (const n of upTo(60)) {
        // In runs of its own of any length up to 20, then one of the other; some of both at once.
        const others = n % 20 === 19 ? [elsewhere.publish(numbered(topic, 1_000 + n))] : [];
        const own = producer.publish(numbered(topic, n));
        if (n % 3 > 0) await Promise.all([own, ...others]);
      }
      await elsewhere.publish(numbered(topic, 2_000));
      await vi.waitFor(() => expect(seen.at(-1)).toMatchObject({ value: Buffer.from('2000') }), longTimeout);
      const stored = await readAll(harness.bus, topic);
      await vi.waitFor(() => expect(seen).toHaveLength(stored.length), longTimeout);
      expect(seen.map(({ offset }) => offset)).toEqual(stored.map(({ offset }) => offset));
      expect(seen.map(numberOf)).toEqual(stored.map(numberOf));
    });

    it('commits what was handed over, and passes on again after a restart what was not done', async () => {
      const topic = await harness.topic();
      const group = freshName('hand-over');
      const producer = await harness.bus.producer();
      const kept: WorkItem<number>[] = [];
      const first = await harness.bus.runPartitions({ group, topics: [topic], ...keeping(kept) });
      for (const n of upTo(20)) await producer.publish(numbered(topic, n));
      await vi.waitFor(() => expect(messagesOf(kept)).toEqual(upTo(20)), longTimeout);
      for (const item of kept.slice(0, 15)) item.done();
      await first.close({ drainMs: 0 });
      await producer.publish(numbered(topic, 20));
      const again: number[] = [];
      const second = await harness.bus.runPartitions({ group, topics: [topic], ...finishing(again) });
      for (const n of upTo(20)) await producer.publish(numbered(topic, 21 + n));
      await vi.waitFor(() => expect(again).toEqual(upTo(41).slice(15)), longTimeout);
      await second.close();
      expect((await harness.bus.lag(group, [topic]))[0]).toMatchObject({ committedOffset: 41n });
    });

    it('keeps order and loses nothing while members of the group come and go', async () => {
      const topic = await harness.topic({ partitions: 2 });
      const group = freshName('hand-over');
      const producer = await harness.bus.producer();
      const bySession = new Map<string, number[]>();
      const handlersOf = (member: string) => {
        const sessions = [0, 0];
        return {
          decode: numberOf,
          onAssigned: async ({ partition }: { readonly partition: number }) => {
            sessions[partition] = (sessions[partition] ?? 0) + 1;
          },
          onBatch: ({ partition, items }: { partition: number; items: readonly WorkItem<number>[] }) => {
            const session = `${member} ${partition} ${sessions[partition]}`;
            bySession.set(session, [...(bySession.get(session) ?? []), ...messagesOf(items)]);
            for (const item of items) item.done();
          },
        };
      };
      const run = { group, topics: [topic] };
      await harness.bus.runPartitions({ ...run, ...handlersOf('one') });
      let sent = 0;
      const publish = async (count: number): Promise<void> => {
        for (let at = 0; at < count; at += 1, sent += 1)
          await producer.publish(numbered(topic, sent, { partition: sent % 2 }));
      };
      const seen = () => new Set([...bySession.values()].flat());
      await publish(40);
      await vi.waitFor(() => expect(seen().size).toBe(40), longTimeout);
      const peer = await harness.peer();
      const second = await peer.runPartitions({ ...run, ...handlersOf('two') });
      await vi.waitFor(async () => {
        await publish(4);
        expect(second.assigned()).toHaveLength(1);
      }, longTimeout);
      await publish(40);
      await vi.waitFor(() => expect(seen().size).toBe(sent), longTimeout);
      await second.close();
      await publish(40);
      await vi.waitFor(() => expect([...seen()].sort((a, b) => a - b)).toEqual(upTo(sent)), longTimeout);
      for (const numbers of bySession.values()) {
        const [first = 0] = numbers;
        expect(numbers).toEqual(numbers.map((_, at) => first + at * 2));
      }
    });
  });
}

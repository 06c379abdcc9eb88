import { encodeEventTypeSeen, topics, type WorkspaceId, workspaceId } from '@tidings/contracts';
import { createMemoryBus } from '@tidings/kafka/testing';
import { AppError } from '@tidings/runtime';
import { fakeClock } from '@tidings/runtime/testing';
import { describe, expect, it } from 'vitest';
import { aContext } from '../../../test/a-context.ts';
import { serveCatalogue } from '../../../test/memory/in-memory-catalogue.ts';
import { openCatalogue } from './open-catalogue.ts';

const own = workspaceId('ws_own');
const group = 'registry-seen-types';

/** Opens a registry with an open workspace, a database that can become unavailable, and the topic of seen names. */
async function aReader() {
  const clock = fakeClock();
  const bus = createMemoryBus({ clock });
  const producer = await bus.producer();
  const { documents } = await serveCatalogue();
  const context = aContext({ SUBSCRIPTION_HEALTH_GROUP: 'registry' }, clock);
  const looked: WorkspaceId[] = [];
  const database = { isAway: false };
  const { reader } = openCatalogue(context, {
    bus,
    producer,
    eventTypes: documents,
    isOpen: async (id) => {
      looked.push(id);
      if (database.isAway) throw new AppError({ code: 'unavailable', message: 'MongoDB is away.' });
      return id === own;
    },
  });
  const applyTransitions = async (...names: readonly string[]): Promise<void> => {
    for (const name of names) {
      const wire = encodeEventTypeSeen({ type: 'EventTypeSeen.v1', workspaceId: own, name });
      await producer.publish({ topic: topics.seenEventTypes, ...wire });
    }
  };
  const drafts = async (): Promise<readonly (readonly [string, number])[]> => {
    const { items } = await documents.store.list(
      { workspaceId: own, consumerId: null },
      { where: { in: { state: ['draft'] } }, afterId: null, limit: 100, order: 'rising' },
    );
    return items.map(({ name, version }) => [name, version] as const);
  };
  const outcomes = async (): Promise<Readonly<Record<string, number>>> => {
    const metric = await context.metrics.registry
      .getSingleMetric('tidings_subscription_seen_event_types_total')
      ?.get();
    return Object.fromEntries(
      (metric?.values ?? []).map(({ labels, value }) => [String(labels['outcome']), value]),
    );
  };
  const committed = (): number | undefined => bus.commits(group).get('tidings.seen-event-types 0');
  return { bus, clock, reader, producer, applyTransitions, drafts, outcomes, committed, database, looked };
}

describe('the reader of unregistered names', () => {
  it('creates a draft of each, one by one, counts the results, and commits completed records', async () => {
    const { clock, reader, applyTransitions, drafts, outcomes, committed } = await aReader();
    await applyTransitions('a.one', 'Not.One', 'a.two', 'a.one', 'a.three');
    await reader.open(reader.group);
    await clock.advance(500);
    expect(await drafts()).toEqual([
      ['a.one', 1],
      ['a.three', 1],
      ['a.two', 1],
    ]);
    expect(await outcomes()).toEqual({ drafted: 3, known: 1, unregistrable: 1 });
    expect(committed()).toBe(5);
  });

  it('repeats a name while the database is unavailable, and commits neither it nor later records', async () => {
    const { clock, reader, applyTransitions, drafts, outcomes, committed, database, looked } =
      await aReader();
    await reader.open(reader.group);
    await applyTransitions('a.one');
    await clock.advance(500);
    database.isAway = true;
    await applyTransitions('a.two', 'a.three');
    await clock.advance(10_000);
    expect(looked.length).toBeGreaterThan(5);
    expect([await drafts(), committed()]).toEqual([[['a.one', 1]], 1]);
    database.isAway = false;
    await clock.advance(2_000);
    expect((await drafts()).map(([name]) => name)).toEqual(['a.one', 'a.three', 'a.two']);
    expect(await outcomes()).toEqual({ drafted: 3 });
    expect(committed()).toBe(3);
  });

  it('leaves unprocessed records to the next reader when it is closed', async () => {
    const { clock, reader, applyTransitions, drafts, committed, database } = await aReader();
    const first = await reader.open(reader.group);
    await applyTransitions('a.one');
    await clock.advance(500);
    database.isAway = true;
    await applyTransitions('a.two', 'a.three');
    await clock.advance(1_000);
    const closed = first.close({ drainMs: 3_000 });
    await clock.advance(5_000);
    await closed;
    expect(committed()).toBe(1);
    database.isAway = false;
    await reader.open(reader.group);
    await clock.advance(2_000);
    expect((await drafts()).map(([name]) => name)).toEqual(['a.one', 'a.three', 'a.two']);
    expect(committed()).toBe(3);
  });

  it('creates nothing twice from records that it reads again', async () => {
    const { bus, clock, reader, applyTransitions, drafts, outcomes } = await aReader();
    const first = await reader.open(reader.group);
    await applyTransitions('a.one', 'a.two');
    await clock.advance(500);
    await first.close({ drainMs: 0 });
    bus.commits(group).set('tidings.seen-event-types 0', 0);
    await reader.open(reader.group);
    await clock.advance(500);
    expect(await drafts()).toEqual([
      ['a.one', 1],
      ['a.two', 1],
    ]);
    expect(await outcomes()).toEqual({ drafted: 2, known: 2 });
  });

  it('skips an invalid record', async () => {
    const { bus, clock, reader, producer, applyTransitions, drafts, committed } = await aReader();
    await producer.publish({ topic: topics.seenEventTypes, key: 'ws_own', value: Buffer.from('{') });
    await applyTransitions('a.one');
    await reader.open(reader.group);
    await clock.advance(1_000);
    expect(await drafts()).toEqual([['a.one', 1]]);
    expect(bus.records(topics.deadLetters)).toHaveLength(1);
    expect(committed()).toBe(2);
  });
});

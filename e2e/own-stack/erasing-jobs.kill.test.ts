import { eventually } from '@tidings/testing';
import { createConnection } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, apiOf, publishAll } from '../harness/api.ts';
import { startCollector } from '../harness/collector.ts';
import { type Jobs, jobsOf, patience } from '../harness/jobs.ts';
import { startTidings, type Tidings } from '../harness/tidings.ts';

/** A smaller size, for a first look at a change. */
const erased = Math.min(1_000, Number(process.env['KILL_TEST_EVENTS'] ?? 1_000));
// Nothing limits a discard but its writes: so many take it long enough to be killed in the middle.
const discarded = 6 * erased;
// A batch that a crash interrupts is repeated, and what it had done is not counted again.
const batch = { discarded: 500, erased: 100 };

let tidings: Tidings;
let api: Api;
let jobs: Jobs;

beforeAll(async () => {
  // Each test polls a job many times.
  const env = { HISTORY_REQUESTS_PER_SECOND: '0' };
  tidings = await startTidings({ args: ['--no-demo', '--separate'], env });
  api = apiOf(await tidings.local());
  jobs = jobsOf(tidings, api);
});

afterAll(async () => {
  await tidings?.stop();
});

type Listed = Readonly<{ id: string; event_id?: string; erased: boolean }>;

/** Reads all pages of a list. */
const all = async (path: string): Promise<readonly Listed[]> => {
  const found: Listed[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const from = cursor === '' ? '' : `&cursor=${cursor}`;
    const page: { data: Listed[]; next_cursor: string | null } = await jobs.ask(
      'GET',
      `${path}&limit=100${from}`,
    );
    found.push(...page.data);
    cursor = page.next_cursor;
  }
  return found;
};

/** Counts the documents that are erased in the database itself: what the API shows is erased at once. */
const erasedDocuments = async (collection: string, filter: object): Promise<number> => {
  const { mongodb_uri: uri } = await tidings.local();
  const connection = await createConnection(uri, { dbName: 'tidings_history' }).asPromise();
  try {
    return await connection.collection(collection).countDocuments({ ...filter, erased: true });
  } finally {
    await connection.close();
  }
};

describe.each(['history', 'mongodb'])('kill -9 of %s in the middle of a job', (victim) => {
  it('of the kind discard', async () => {
    const collector = await startCollector();
    const type = `discard.${victim}`;
    const { id: subscription_id, secret } = await api.subscribe(collector.url, [type]);
    collector.trust(secret);
    await jobs.ask('POST', `subscriptions/${subscription_id}/disable`);
    await publishAll({ local: await tidings.local(), type, count: discarded, batchSize: 100 });
    const inState = async (state: string): Promise<number> => {
      const path = `dead-letters/counts?subscription_id=${subscription_id}&state=${state}`;
      return (await jobs.ask<{ total: number }>('GET', path)).total;
    };
    await eventually(async () => expect(await inState('waiting')).toBe(discarded), patience);
    const request = { filter: { subscription_id }, reason: 'a test' };
    const { id } = await jobs.ask<{ id: string }>('POST', 'dead-letters/discard', request);
    await jobs.killAt(victim, id, 0.2);
    const { done, counts } = (await jobs.ended(id)).progress;
    expect(await inState('discarded')).toBe(discarded);
    expect(await inState('waiting')).toBe(0);
    expect(counts['discarded']).toBe(done);
    expect(done).toBeLessThanOrEqual(discarded);
    expect(done).toBeGreaterThanOrEqual(discarded - batch.discarded);
    expect(collector.receipts).toEqual([]);
    console.log(`a discard, ${victim} killed: ${discarded} discarded, ${done} of them counted, none twice`);
    await collector.close();
  }, 600_000);

  it('of the kind erasure', async () => {
    const collector = await startCollector();
    const [type, consumerId] = [`erasure.${victim}`, `acme-${victim}`];
    await jobs.ask('POST', 'consumers', { id: consumerId, name: consumerId });
    const { id: subscription, secret } = await api.subscribe(collector.url, [type], { max_in_flight: 64 });
    collector.trust(secret);
    const local = await tidings.local();
    const events = await publishAll({ local, type, count: erased, consumerId, batchSize: 100 });
    const others = await publishAll({ local, type: 'other.event', count: 20 });
    const ofEvents = `events?type=${type}`;
    const ofDeliveries = `deliveries?subscription_id=${subscription}&status=delivered`;
    await eventually(async () => expect(await all(ofDeliveries)).toHaveLength(erased), patience);
    await eventually(async () => expect(await all(ofEvents)).toHaveLength(erased), patience);
    const { id } = await jobs.ask<{ id: string }>('POST', 'erasures', { consumer_id: consumerId });
    await jobs.killAt(victim, id, { share: 0.2, units: 2 * erased });
    const { done, counts } = (await jobs.ended(id)).progress;
    const [shownEvents, shownDeliveries] = [await all(ofEvents), await all(ofDeliveries)];
    expect(new Set(shownEvents.map(({ id: event }) => event))).toEqual(events);
    expect(new Set(shownDeliveries.map(({ event_id: event }) => event))).toEqual(events);
    expect([...shownEvents, ...shownDeliveries].filter((one) => !one.erased)).toEqual([]);
    expect(await erasedDocuments('events', { type })).toBe(erased);
    expect(await erasedDocuments('deliveries', { event_type: type })).toBe(erased);
    for (const event of [...events].slice(0, 3)) {
      const shown = await jobs.ask<object>('GET', `events/${event}`);
      expect(shown).toMatchObject({ data: null, data_status: 'erased' });
    }
    const kept = await all('events?type=other.event');
    expect(kept.filter((one) => !one.erased).map(({ id: event }) => event)).toHaveLength(others.size);
    expect(counts).toMatchObject({ dead_letters: 0 });
    expect(done).toBeLessThanOrEqual(2 * erased);
    expect(done).toBeGreaterThanOrEqual(2 * erased - 2 * batch.erased);
    console.log(`an erasure, ${victim} killed: ${2 * erased} erased, ${done} of them counted, none twice`);
    await collector.close();
  }, 600_000);
});

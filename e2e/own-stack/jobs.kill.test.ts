import { eventually } from '@tidings/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Api, apiOf, publishAll } from '../harness/api.ts';
import { type Collector, startCollector } from '../harness/collector.ts';
import { type Job, type Jobs, jobsOf, patience } from '../harness/jobs.ts';
import { startTidings, type Tidings } from '../harness/tidings.ts';

/** A smaller size, for a first look at a change. */
const replayed = Number(process.env['KILL_TEST_EVENTS'] ?? 50_000);
const units = Math.min(2_000, replayed);
// Eight seconds: long enough to kill a process in the middle, wherever that is.
const ratePerSecond = units / 8;

let tidings: Tidings;
let api: Api;
let jobs: Jobs;

beforeAll(async () => {
  const env = {
    FANOUT_REPLAY_RATE: '2000',
    HISTORY_REDRIVE_RATE: String(ratePerSecond),
    // Each test polls a job many times.
    HISTORY_REQUESTS_PER_SECOND: '0',
  };
  tidings = await startTidings({ args: ['--no-demo', '--separate'], env });
  api = apiOf(await tidings.local());
  jobs = jobsOf(tidings, api);
});

afterAll(async () => {
  await tidings?.stop();
});

/** Waits until an endpoint has received exactly these events, and reports the repeats. */
const expectReceived = async (name: string, events: ReadonlySet<string>, at: Collector): Promise<void> => {
  await eventually(() => expect(at.eventIds().size).toBeGreaterThanOrEqual(events.size), patience);
  expect(at.eventIds()).toEqual(events);
  expect(at.refused).toEqual([]);
  const ids = new Set(at.receipts.map(({ webhookId }) => webhookId));
  expect(ids.size).toBe(events.size);
  console.log(`${name}: ${events.size} events, 0 lost, ${at.duplicates()} received more than once`);
};

const publish = async (type: string, count: number): Promise<ReadonlySet<string>> =>
  publishAll({ local: await tidings.local(), type, count, batchSize: 100 });

describe('kill -9 of fanout, three times in a replay', () => {
  it('to a new subscription: it receives exactly the matching history', async () => {
    const from = new Date(Date.now() - 60_000).toISOString();
    await publish('other.event', 100);
    const events = await publish('history.event', replayed);
    const collector = await startCollector();
    const { id: subscription_id, secret } = await api.subscribe(collector.url, ['history.*'], {
      max_in_flight: 64,
    });
    collector.trust(secret);
    const target = { subscription_id };
    const { id } = await jobs.ask<Job>('POST', 'replays', { from, target, rate_per_second: 1_000 });
    for (const share of [0.2, 0.45, 0.7]) await jobs.killAt('fanout', id, share);
    const { progress } = await jobs.ended(id);
    await expectReceived('a replay, fanout killed three times', events, collector);
    expect(progress.counts).toMatchObject({ matched: replayed, sent: replayed, repeats: 0 });
    await eventually(
      async () =>
        expect((await jobs.jobOf(id)).progress.counts).toMatchObject({ delivered: replayed, failed: 0 }),
      patience,
    );
    await collector.close();
  }, 1_800_000);
});

type Outage = Readonly<{
  id: string;
  collector: Collector;
  before: ReadonlySet<string>;
  missed: ReadonlySet<string>;
}>;

/** Disables a subscription that has received events, and publishes more, which become dead letters. */
const anOutage = async (type: string): Promise<Outage> => {
  const collector = await startCollector();
  const { id, secret } = await api.subscribe(collector.url, [`${type}.*`], { max_in_flight: 64 });
  collector.trust(secret);
  const before = await publish(`${type}.before`, 50);
  await eventually(() => expect(collector.eventIds()).toEqual(before), patience);
  await jobs.ask('POST', `subscriptions/${id}/disable`);
  const missed = await publish(`${type}.missed`, units);
  await eventually(
    async () =>
      expect(await jobs.ask('GET', `dead-letters/counts?subscription_id=${id}`)).toMatchObject({
        total: units,
      }),
    patience,
  );
  return { id, collector, before, missed };
};

const union = ({ before, missed }: Pick<Outage, 'before' | 'missed'>): ReadonlySet<string> =>
  new Set([...before, ...missed]);

describe.each(['history', 'mongodb'])('kill -9 of %s in the middle of a job', (victim) => {
  it('of the kind redrive', async () => {
    const outage = await anOutage(`redrive_${victim}`);
    const startedMs = Date.now() - 1_000;
    await jobs.ask('POST', `subscriptions/${outage.id}/enable`, {});
    const { id } = await jobs.newestJob('redrive', startedMs);
    await jobs.killAt(victim, id, 0.3);
    // A batch that is repeated finds that some of its first run are delivered.
    const { redriven = 0, delivered = 0 } = (await jobs.ended(id)).progress.counts;
    expect(redriven + delivered).toBe(units);
    await expectReceived(`a redrive, ${victim} killed`, union(outage), outage.collector);
    await outage.collector.close();
  }, 600_000);

  it('of the kind replay, of what is missing', async () => {
    const from = new Date(Date.now() - 1_000).toISOString();
    const outage = await anOutage(`missing_${victim}`);
    const startedMs = Date.now() - 1_000;
    await jobs.ask('POST', `subscriptions/${outage.id}/enable`, { waiting: 'discard' });
    await jobs.ended((await jobs.newestJob('discard', startedMs)).id);
    const request = {
      from,
      types: [`missing_${victim}.*`],
      target: { missing: true },
      rate_per_second: ratePerSecond,
    };
    const { id } = await jobs.ask<Job>('POST', 'replays', request);
    await jobs.killAt(victim, id, 0.3);
    expect((await jobs.ended(id)).progress.counts).toMatchObject({ sent: units, skipped: 50 });
    await expectReceived(`a replay of what is missing, ${victim} killed`, union(outage), outage.collector);
    await eventually(
      async () =>
        expect((await jobs.jobOf(id)).progress.counts).toMatchObject({ delivered: units, failed: 0 }),
      patience,
    );
    await outage.collector.close();
  }, 600_000);

  it('of the kind retry', async () => {
    const collector = await startCollector();
    const type = `retry.${victim}`;
    const { id: subscription_id, secret } = await api.subscribe(collector.url, [type], { max_in_flight: 64 });
    collector.trust(secret);
    const events = await publish(type, units);
    await eventually(async () => {
      const path = `deliveries/retry`;
      const body = { filter: { subscription_id, status: 'delivered' }, dry_run: true };
      expect(await jobs.ask('POST', path, body)).toMatchObject({ count: units });
    }, patience);
    const first = collector.receipts.length;
    const body = { filter: { subscription_id, status: 'delivered' }, rate_per_second: ratePerSecond };
    const { id } = await jobs.ask<Job>('POST', 'deliveries/retry', body);
    await jobs.killAt(victim, id, 0.3);
    expect((await jobs.ended(id)).progress.counts).toMatchObject({ retried: units });
    await eventually(() => {
      const again = collector.receipts.slice(first).map(({ eventId }) => eventId);
      expect(new Set(again)).toEqual(events);
      console.log(
        `a retry, ${victim} killed: ${units} retried, ${again.length - units} received more than once`,
      );
    }, patience);
    await collector.close();
  }, 600_000);

  it('of the kind export', async () => {
    const request = { of: 'deliveries', format: 'ndjson' };
    const { export_id: id } = await jobs.ask<{ export_id: string }>('POST', 'exports', request);
    // It takes a second or two: at once is in the middle of it, or before it.
    await tidings.restarted(victim, await tidings.kill9(victim));
    const ready = await eventually(async () => {
      const shown = await jobs.ask<{ status: string; total_records: number; download_url: string }>(
        'GET',
        `exports/${id}`,
      );
      expect(shown.status).toBe('ready');
      return shown;
    }, patience);
    const file = await fetch(`${(await tidings.local()).url}${ready.download_url}`);
    const lines = (await file.text()).trimEnd().split('\n');
    const ids = lines.map((line) => (JSON.parse(line) as { id: string }).id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(ready.total_records);
    expect(ids.length).toBeGreaterThanOrEqual(2 * units);
    console.log(`an export, ${victim} killed: ${ids.length} lines, each once`);
  }, 600_000);
});

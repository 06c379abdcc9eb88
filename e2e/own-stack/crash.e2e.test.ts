import { eventually } from '@tidings/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiOf, publishAll } from '../harness/api.ts';
import { type Collector, startCollector } from '../harness/collector.ts';
import { startTidings, type Tidings } from '../harness/tidings.ts';

const events = 5_000;

const missingFrom = (accepted: ReadonlySet<string>, collector: Collector): string[] => {
  const received = collector.eventIds();
  return [...accepted].filter((id) => !received.has(id));
};

/** Waits for every accepted event, then reports duplicates; each duplicate must have the same webhook-id and bytes. */
const expectNothingLost = async (
  name: string,
  accepted: ReadonlySet<string>,
  collector: Collector,
): Promise<void> => {
  await eventually(
    () => {
      const missing = missingFrom(accepted, collector);
      if (missing.length > 0) throw new Error(`${missing.length} of ${accepted.size} not received yet`);
    },
    { timeoutMs: 90_000 },
  );
  console.log(
    `${name}: ${accepted.size} accepted, 0 lost, ${collector.duplicates()} received more than once`,
  );
  expect(accepted.size).toBe(events);
  expect(collector.refused).toEqual([]);
  const nameOf = new Map<string, string>();
  const bytesOf = new Map<string, Buffer>();
  for (const receipt of collector.receipts) {
    expect(nameOf.get(receipt.eventId) ?? receipt.webhookId).toBe(receipt.webhookId);
    expect((bytesOf.get(receipt.webhookId) ?? receipt.body).equals(receipt.body)).toBe(true);
    nameOf.set(receipt.eventId, receipt.webhookId);
    bytesOf.set(receipt.webhookId, receipt.body);
  }
};

describe('kill -9 while 5,000 events are in flight loses nothing', () => {
  let tidings: Tidings;

  beforeAll(async () => {
    tidings = await startTidings({ args: ['--no-demo', '--separate'] });
  });
  afterAll(async () => {
    await tidings?.stop();
  });

  it.each(['ingress', 'subscription', 'fanout', 'delivery', 'history', 'console'])(
    'of %s',
    async (service) => {
      const api = apiOf(await tidings.local());
      const collector = await startCollector();
      const type = `crash.${service}`;
      collector.trust((await api.subscribe(collector.url, [type])).secret);
      let killed = 0;
      const accepted = await publishAll({
        local: await tidings.local(),
        type,
        count: events,
        paceMs: 20,
        onProgress: async (count) => {
          if (killed === 0 && count >= events / 2) killed = await tidings.kill9(service);
        },
      });
      await expectNothingLost(`kill -9 of ${service}`, accepted, collector);
      await tidings.restarted(service, killed);
      await collector.close();
    },
  );

  it('of MongoDB, and events are delivered while it is down', async () => {
    const api = apiOf(await tidings.local());
    const collector = await startCollector();
    const type = 'crash.mongodb';
    const subscription = await api.subscribe(collector.url, [type]);
    collector.trust(subscription.secret);
    let killed = 0;
    const accepted = await publishAll({
      local: await tidings.local(),
      type,
      count: events,
      paceMs: 20,
      onProgress: async (count) => {
        if (killed === 0 && count >= events / 2) killed = await tidings.kill9('mongodb');
      },
    });
    await expectNothingLost('kill -9 of mongodb', accepted, collector);
    await tidings.restarted('mongodb', killed);
    const [id] = accepted;
    await eventually(
      async () => {
        const answer = await api.request('GET', `/v1/webhooks/deliveries?event_id=${id}`);
        const { data } = answer.body as { data: { status: string }[] };
        expect(data.map((delivery) => delivery.status)).toEqual(['delivered']);
      },
      // The server and its clients recover within seconds, regardless of the amount of data.
      { timeoutMs: 15_000 },
    );
    expect((await api.request('GET', `/v1/webhooks/subscriptions/${subscription.id}`)).status).toBe(200);
    await collector.close();
  });
});

describe('kill -9 while the services of an event share a process loses nothing', () => {
  let tidings: Tidings;

  beforeAll(async () => {
    tidings = await startTidings();
  });
  afterAll(async () => {
    await tidings?.stop();
  });

  it('of the services, then of MongoDB', async () => {
    const { pids } = await tidings.local();
    expect(new Set([pids['ingress'], pids['fanout'], pids['delivery']]).size).toBe(1);
    expect(pids['history']).not.toBe(pids['delivery']);
    const api = apiOf(await tidings.local());
    const collector = await startCollector();
    const type = 'crash.together';
    collector.trust((await api.subscribe(collector.url, [type])).secret);
    const kills: Readonly<{ at: number; part: string }>[] = [
      { at: events / 3, part: 'delivery' },
      { at: (events * 2) / 3, part: 'mongodb' },
    ];
    const killed: Readonly<{ part: string; pid: number }>[] = [];
    const accepted = await publishAll({
      local: await tidings.local(),
      type,
      count: events,
      paceMs: 20,
      onProgress: async (count) => {
        const kill = kills[killed.length];
        if (kill === undefined || count < kill.at) return;
        killed.push({ part: kill.part, pid: await tidings.kill9(kill.part) });
      },
    });
    expect(killed.map(({ part }) => part)).toEqual(['delivery', 'mongodb']);
    await expectNothingLost('kill -9 of all services, then of mongodb', accepted, collector);
    for (const { part, pid } of killed) await tidings.restarted(part, pid);
    await collector.close();
  });
});

describe('kill -9 of one of three brokers under load, twice, loses nothing', () => {
  let tidings: Tidings;

  beforeAll(async () => {
    tidings = await startTidings({ args: ['--no-demo', '--brokers', '3', '--restart-brokers'] });
  });
  afterAll(async () => {
    await tidings?.stop();
  });

  it('of 5,000 events', async () => {
    const api = apiOf(await tidings.local());
    const collector = await startCollector();
    collector.trust((await api.subscribe(collector.url, ['crash.broker'])).secret);
    const kills: Readonly<{ at: number; broker: string }>[] = [
      { at: events / 4, broker: 'broker-2' },
      { at: (events * 3) / 4, broker: 'broker-3' },
    ];
    let done = 0;
    const accepted = await publishAll({
      local: await tidings.local(),
      type: 'crash.broker',
      count: events,
      paceMs: 50,
      onProgress: async (count) => {
        const kill = kills[done];
        if (kill === undefined || count < kill.at) return;
        done += 1;
        const pid = await tidings.kill9(kill.broker);
        await tidings.restarted(kill.broker, pid);
      },
    });
    expect(done).toBe(2);
    await expectNothingLost('kill -9 of two brokers in turn', accepted, collector);
    await collector.close();
  });
});

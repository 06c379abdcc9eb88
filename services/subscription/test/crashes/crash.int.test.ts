import { setTimeout } from 'node:timers/promises';
import { topics } from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Answer, aBody } from '../registry-api.ts';
import { expectAgreement, openDatabase, queuedTests, recordsOf } from './registry-agreement.ts';
import {
  aSite,
  type CrashPoint,
  crashDuring,
  openBrokers,
  type RegistryProcess,
  type Site,
  startProcess,
  startReady,
} from './registry-process.ts';

// Each test starts the service several times.
vi.setConfig({ testTimeout: 240_000 });

let brokers: Awaited<ReturnType<typeof openBrokers>>;
beforeAll(async () => {
  brokers = await openBrokers();
});
afterAll(async () => {
  await brokers?.stop();
});
const newSite = (): Site => aSite(brokers.nodes.brokers);

const signal = 'SIGKILL';
const agree = expectAgreement;
const minuteMs = 60_000;
const rounds = 10;
const written = '"endpoint_url"';
const published = '"unpublished":false';

/** The crash points of a write, in order. */
const steps = (command: 'insert' | 'update'): Readonly<Record<string, CrashPoint>> => ({
  'before the write': { at: 'sent', command, text: written, signal },
  'between write and publish': { at: 'answered', command, text: written, signal },
  'between publish and mark': { at: 'sent', command: 'update', text: published, signal },
  'between mark and answer': { at: 'answered', command: 'update', text: published, signal },
});

describe('kill -9 of the service', () => {
  it('at each step of a creation loses nothing and queues one test', async () => {
    const site = newSite();
    const { all } = openDatabase(site);
    let running = await startReady(site);
    const moments = {
      ...steps('insert'),
      'between the test and its mark': { at: 'sent', command: 'update', text: '{"test_owed":false}', signal },
    } as const;
    for (const [name, crashPoint] of Object.entries(moments)) {
      const before = new Set((await all()).map(({ _id }) => _id));
      const create = running.call;
      if (name === 'between the test and its mark') {
        await running.arm(crashPoint);
        await create('POST', '', { body: aBody() }).catch(() => undefined);
        await running.ended;
        running = await startReady(site);
        await expectAgreement(site);
      } else {
        const call = async () => create('POST', '', { body: aBody() });
        running = await crashDuring(site, { running, crashPoint, call, agree });
      }
      const made = (await all()).filter(({ _id }) => !before.has(_id));
      expect(made.map(({ version }) => version)).toEqual(name === 'before the write' ? [] : [1]);
      for (const { _id } of made) expect(new Set(await queuedTests(site, _id)).size).toBe(1);
    }
  });

  it('at each step of a change and of a deletion loses nothing', async () => {
    const site = newSite();
    const { subscriptions } = openDatabase(site);
    let running = await startReady(site);
    for (const [name, crashPoint] of Object.entries(steps('update'))) {
      const { body } = await running.call('POST', '', { body: aBody({ send_test: false }) });
      const before = name === 'before the write' ? 0 : 1;
      const change = running.call;
      running = await crashDuring(site, {
        running,
        crashPoint,
        agree,
        call: async () => change('PATCH', `/${body.id}`, { body: { description: name } }),
      });
      expect(await subscriptions.findOne({ _id: body.id })).toMatchObject({ version: 1 + before });
      const remove = running.call;
      running = await crashDuring(site, {
        running,
        crashPoint,
        agree,
        call: async () => remove('DELETE', `/${body.id}`),
      });
      const state = before === 0 ? 'active' : 'deleted';
      expect(await subscriptions.findOne({ _id: body.id })).toMatchObject({ version: 1 + 2 * before, state });
    }
  });

  it('at each step of a rotation with an Idempotency-Key creates one secret, which the repeat returns', async () => {
    const site = newSite();
    const { subscriptions, keys } = openDatabase(site);
    let running = await startReady(site);
    const kept = { collection: 'idempotency_keys', signal } as const;
    const stored = { ...kept, command: 'update', text: '"answer":"v1.' } as const;
    const moments: Readonly<Record<string, CrashPoint>> = {
      'before the key is kept': { ...kept, at: 'sent', command: 'insert', text: '"fingerprint"' },
      'between key and write': { ...kept, at: 'answered', command: 'insert', text: '"fingerprint"' },
      ...steps('update'),
      'before the answer is stored': { ...stored, at: 'sent' },
      'between storing the answer and giving it': { ...stored, at: 'answered' },
    };
    for (const [moment, crashPoint] of Object.entries(moments)) {
      const { body } = await running.call('POST', '', { body: aBody({ send_test: false }) });
      const rotate = async ({ call }: RegistryProcess) =>
        call('POST', `/${body.id}/rotate-secret`, {
          headers: { 'idempotency-key': body.id, 'if-match': '"1"' },
        });
      const struck = running;
      running = await crashDuring(site, { running, crashPoint, call: async () => rotate(struck), agree });
      // Simulates the end of the minute during which the process that crashed owns the key.
      await keys.updateMany({}, { $set: { claimed_until_ms: 0 } });
      const repeat = await rotate(running);
      expect([moment, repeat.status, repeat.body.version]).toEqual([moment, 200, 2]);
      expect(await rotate(running)).toMatchObject({ status: 200, body: { secret: repeat.body.secret } });
      const document = await subscriptions.findOne({ _id: body.id });
      expect(document).toMatchObject({ version: 2, secrets: [{}, {}] });
    }
  });

  it('in the middle of a purge leaves neither a document nor a record', async () => {
    const site = newSite();
    const { subscriptions, all } = openDatabase(site);
    const first = await startReady(site);
    for (const at of ['sent', 'answered'] as const) {
      const { body } = await first.call('POST', '', { body: aBody({ send_test: false }) });
      await first.call('DELETE', `/${body.id}`);
      await expectAgreement(site);
      await subscriptions.updateOne({ _id: body.id }, { $set: { deleted_at_ms: 1_000 } });
      const crashPoint: CrashPoint = { at, command: 'delete', text: body.id, signal };
      const dying = await startProcess(site, { STRIKE: JSON.stringify(crashPoint) });
      expect(await dying.ended).toBe(signal);
      await startReady(site);
      await eventually(async () => expect(await all()).toEqual([]));
      await expectAgreement(site);
    }
  });
});

describe('Kafka unavailable', () => {
  it('during 500 writes in a minute: all are accepted with propagated: false and published afterwards', async () => {
    const site = newSite();
    const { call } = await startReady(site, {
      SUBSCRIPTION_PUBLISH_WAIT: '20ms',
      SUBSCRIPTION_REQUESTS_PER_SECOND: '0',
    });
    const { body } = await call('POST', '', { body: aBody({ send_test: false }) });
    const [node] = brokers.nodes.nodes;
    node?.signal('SIGSTOP');
    try {
      const answers: Answer[] = [];
      for (let round = 0; round < rounds; round += 1) {
        // The full minute: sessions, requests and connections to the brokers have to expire within it.
        const pause = setTimeout(minuteMs / rounds);
        const writes = Array.from({ length: 500 / rounds }, async (_, index) =>
          index % 5 === 0
            ? call('PATCH', `/${body.id}`, { body: { description: `${round} ${index}` } })
            : call('POST', '', { body: aBody({ send_test: false }) }),
        );
        answers.push(...(await Promise.all(writes)));
        await pause;
      }
      const counts = new Map<string, number>();
      for (const { status, body: said } of answers) {
        const outcome = `${status} ${said.propagated}`;
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
      }
      // Concurrent writers of one document may lose ten times in a row and receive 409; no other request is refused.
      const { length } = answers.filter(({ status }) => status === 409);
      expect(counts.get('201 false')).toBe(400);
      expect((counts.get('200 false') ?? 0) + length).toBe(100);
    } finally {
      node?.signal('SIGCONT');
    }
    // The broker has to find its controller again first.
    await expectAgreement(site, 120_000);
  });
});

describe('two instances', () => {
  it('that write the same document, one of which is killed, end with the same version everywhere', async () => {
    const site = newSite();
    const [one, two] = [await startReady(site), await startReady(site)];
    const { body } = await one.call('POST', '', { body: aBody({ send_test: false }) });
    const change = async (process: RegistryProcess, index: number) =>
      process.call('PATCH', `/${body.id}`, { body: { description: `${index}` } });
    await one.arm({ at: 'answered', command: 'update', text: '"description":"4"', signal });
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, async (_, index) => change(index % 2 === 0 ? one : two, index)),
    );
    expect(answers.some(({ status }) => status === 'fulfilled')).toBe(true);
    await one.ended;
    await change(two, 99);
    await expectAgreement(site);
  });

  it('one of which stalls before it publishes: its older version does not survive compaction', async () => {
    const site = newSite();
    const [stalled, other] = [await startReady(site), await startReady(site)];
    const { body } = await other.call('POST', '', { body: aBody({ send_test: false }) });
    await stalled.arm({ at: 'answered', command: 'update', text: written, signal: 'SIGSTOP' });
    const late = stalled.call('PATCH', `/${body.id}`, { body: { description: 'second' } });
    const { subscriptions } = openDatabase(site);
    await eventually(async () =>
      expect(await subscriptions.findOne({ _id: body.id })).toMatchObject({ version: 2 }),
    );
    await other.call('PATCH', `/${body.id}`, { body: { description: 'third' } });
    await eventually(async () => expect(await versionsOf(site, body.id)).toContain(3));
    stalled.child.kill('SIGCONT');
    await late;
    // One or both instances have seen the older version acknowledged last, and publish the current one.
    await eventually(async () => {
      const versions = await versionsOf(site, body.id);
      expect(versions.lastIndexOf(2)).toBeGreaterThan(versions.indexOf(3));
      expect(versions.at(-1)).toBe(3);
    });
    await expectAgreement(site);
    await brokers.compact(topics.subscriptions.name);
    await eventually(
      async () => {
        // The active segment is never compacted: these writes close it.
        for (let count = 0; count < 4; count += 1) {
          await other.call('POST', '', { body: aBody({ send_test: false }) });
        }
        expect(await versionsOf(site, body.id)).toEqual([3]);
      },
      { timeoutMs: 90_000 },
    );
    await expectAgreement(site);
  });
});

async function versionsOf(site: Site, id: string): Promise<readonly number[]> {
  const records = await recordsOf(site, topics.subscriptions);
  return records.flatMap(({ key, value }) =>
    key === id && value !== null ? [(JSON.parse(value.toString()) as { version: number }).version] : [],
  );
}

import { type SubscriptionId, workspaceId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { beforeEach, expect, it } from 'vitest';
import { nextId } from '../../test/a-subscription.ts';
import { MemoryHealthStore } from '../../test/memory/memory-health-store.ts';
import type { ApplyHealthTransitions } from './apply-health-transitions.ts';
import type { CountedAttempt } from './domain/counted-attempt.ts';
import { type AttemptBatch, HealthCounter } from './health-counter.ts';

let health: MemoryHealthStore;
let applyTransitions: ApplyHealthTransitions;
let counter: HealthCounter;
beforeEach(() => {
  health = new MemoryHealthStore();
  applyTransitions = async () => new Map();
  counter = new HealthCounter({
    health,
    countedVersionOf: () => 1,
    policyOf: () => ({ disableAfterFailures: 100, disableAfterMs: 1_000_000 }),
    applyTransitions: async (all) => applyTransitions(all),
    endOf: () => Number.POSITIVE_INFINITY,
    isOurs: () => true,
  });
});

const failedAt = (offset: number): CountedAttempt => ({
  workspaceId: workspaceId('ws_own'),
  subscriptionVersion: 1,
  position: { partition: 0, offset },
  atMs: 5_000,
  failure: 'timeout',
  statusCode: null,
  cause: `att_${offset}`,
  givenUp: null,
});
const four = (id: SubscriptionId): AttemptBatch => ({
  id,
  attempts: [failedAt(0), failedAt(1), failedAt(2), failedAt(3)],
});
const once = (id: SubscriptionId): AttemptBatch => ({ id, attempts: [failedAt(0)] });

it('counts the other endpoints when one cannot be read or its transition cannot be published', async () => {
  const [well, unreadable, untold] = [nextId(), nextId(), nextId()];
  const find = health.find.bind(health);
  health.findMany = async () => {
    throw new AppError({ code: 'internal', message: 'unreadable' });
  };
  health.find = async (id) => {
    if (id === unreadable) throw new AppError({ code: 'internal', message: 'unreadable' });
    return find(id);
  };
  applyTransitions = async (all) =>
    new Map([...all.keys()].filter((id) => id === untold).map((id) => [id, new Error('untold')]));
  const failures = await counter.count([four(unreadable), four(untold), four(well)]);
  expect([...failures].map(([id, error]) => [id, String(error)])).toEqual([
    [unreadable, expect.stringContaining('unreadable')],
    [untold, expect.stringContaining('untold')],
  ]);
  expect(await find(well)).toMatchObject({ failureCount: 4, alert: 'failing' });
  expect([await find(unreadable), await find(untold)]).toEqual([null, null]);
});

it('counts many endpoints with one read and one write, even if another writer was faster for one', async () => {
  const ids = Array.from({ length: 50 }, nextId);
  const write = health.write.bind(health);
  const findMany = health.findMany.bind(health);
  const sizes: string[] = [];
  health.findMany = async (wanted) => {
    sizes.push(`${wanted.length} read`);
    return findMany(wanted);
  };
  health.write = async (all) => {
    sizes.push(`${all.length} written`);
    const [first] = all;
    if (sizes.length === 2 && first !== undefined) {
      await write([{ ...first, positions: [], failureCount: 30 }]);
    }
    return write(all);
  };
  expect(await counter.count(ids.map(once))).toEqual(new Map());
  const found = await findMany(ids);
  expect(ids.map((id) => found.get(id)?.failureCount)).toEqual([31, ...Array.from({ length: 49 }, () => 1)]);
  // The next read shows which ones were written: all but the superseded one.
  expect(sizes).toEqual(['50 read', '50 written', '50 read', '1 written']);
});

it('fails all endpoints and counts none while the database is unavailable', async () => {
  const ids = [nextId(), nextId()];
  const away = new AppError({ code: 'unavailable', message: 'no database' });
  health.write = async () => Promise.reject(away);
  expect([...(await counter.count(ids.map(once)))]).toEqual(ids.map((id) => [id, away]));
  const read: string[] = [];
  health.findMany = async () => Promise.reject(away);
  health.find = async (id) => {
    read.push(id);
    return null;
  };
  expect([...(await counter.count(ids.map(once)))]).toEqual(ids.map((id) => [id, away]));
  // A database that is unavailable is not read once more for each endpoint.
  expect(read).toEqual([]);
});

it('fails an endpoint whose document is changed by other writers at every try', async () => {
  const id = nextId();
  health.write = async () => false;
  const failures = await counter.count([once(id)]);
  expect(String(failures.get(id))).toContain(`the health of ${id} was changed by other writers`);
});

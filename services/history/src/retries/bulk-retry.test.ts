import { consumerId } from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { aFailure } from '../../test/builders.ts';
import { acmeKey, bodyOf, isDone, startHere, stopAll } from '../../test/in-memory-history.ts';

afterEach(stopAll);

const path = '/v1/webhooks/deliveries/retry';

/** Deliveries that have ended; their dead letters have the bodies. Every third one is of the consumer acme. */
const start = async (count: number) => {
  const service = await startHere();
  await service.subscribe();
  for (let n = 1; n <= count; n += 1) {
    const owner = n % 3 === 0 ? { consumerId: consumerId('acme') } : {};
    const ended = aFailure(n, 1, { next: { kind: 'dead-letter', reason: 'exhausted' }, ...owner });
    await service.deadLetter(n, { ...owner, acceptedAtMs: ended.acceptedAtMs });
    await service.attempt(ended, n);
  }
  await service.stored(count);
  await eventually(() => expect(service.deliveries.all()).toHaveLength(count));
  const post = async (body: object, key?: string) =>
    service.callAt(path, 'POST', key === undefined ? { body } : { body, key });
  return { service, post };
};

describe('a retry of many deliveries', () => {
  it('sends those of the filter in new chains, and shows the job', async () => {
    const { service, post } = await start(5);
    const filter = { status: 'dead_lettered' };
    expect(await post({ filter, dry_run: true })).toMatchObject({ status: 200, body: { count: 5 } });
    expect(service.jobs.all()).toEqual([]);
    const { status, body } = await post({ filter, rate_per_second: 1_000 });
    expect([status, body]).toMatchObject([
      202,
      { kind: 'retry', request: { filter }, requested_by: 'key_admin', progress: { total: 5, done: 0 } },
    ]);
    expect(await isDone(service, body['id'])).toMatchObject({
      progress: { total: 5, done: 5, counts: { retried: 5, refused: 0, unavailable: 0 } },
    });
    const sent = service.sent();
    expect(sent.map((command) => command.body.toString()).toSorted()).toEqual(
      [1, 2, 3, 4, 5].map((n) => bodyOf(n).toString()),
    );
    expect(sent.every(({ state }) => state.trigger === 'manual' && state.chain === 1)).toBe(true);
    expect(service.deadLetters.all().every(({ state }) => state === 'redriven')).toBe(true);
  });

  it('by a filter that no index serves knows its total at its end, and how far a dry run has counted', async () => {
    const { service, post } = await start(5);
    const filter = { reason: 'exhausted' };
    const counted = await post({ filter, dry_run: true });
    expect(counted.body).toEqual({ dry_run: true, count: 5, scanned_to: null });
    const { body } = await post({ filter, rate_per_second: 1_000 });
    expect(body).toMatchObject({ progress: { total: null, percent: null } });
    expect(await isDone(service, body['id'])).toMatchObject({
      progress: { total: 5, done: 5, percent: 100, counts: { retried: 5 } },
    });
  });

  it('counts those that are refused, and leaves alone what the key cannot see', async () => {
    const { service, post } = await start(6);
    const mine = await post({ filter: { status: 'dead_lettered' }, rate_per_second: 1_000 }, acmeKey);
    expect(mine.body).toMatchObject({ consumer_id: 'acme', progress: { total: 2 } });
    await isDone(service, mine.body['id']);
    expect(service.sent().map(({ state }) => state.consumerId)).toEqual(['acme', 'acme']);
    const all = await post({ filter: { status: 'dead_lettered' }, rate_per_second: 1_000 });
    // Two of them were retried a moment ago.
    expect(await isDone(service, all.body['id'])).toMatchObject({
      progress: { done: 6, counts: { retried: 4, refused: 2 } },
    });
    const list = await service.callAt('/v1/webhooks/jobs?kind=retry', 'GET', { key: acmeKey });
    expect(list.body['data']).toMatchObject([{ id: mine.body['id'] }]);
  });

  it.each([
    [{}, '/filter'],
    [{ filter: {} }, '/filter'],
    [{ filter: { status: 'no' } }, '/filter/status'],
    [{ filter: { status: 'failed' }, rate_per_second: 1_001 }, '/rate_per_second'],
  ])('refuses %j', async (body, pointer) => {
    const { post } = await start(0);
    expect(await post(body)).toMatchObject({ status: 422, body: { errors: [{ pointer }] } });
  });
});

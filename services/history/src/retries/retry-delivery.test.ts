import { decodeDelivery, encodeDelivery } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { anAttemptRecord, aSubscriptionRecord, builtAtMs } from '@tidings/testing/messages';
import { bodyRenderer } from '@tidings/webhook-request';
import { describe, expect, it } from 'vitest';
import { aFailure, outcomes } from '../../test/builders.ts';
import { allFormats, anEventOf, createRetries, nowMs, refusalOf } from '../../test/retries/retry-harness.ts';

/** The first attempt failed, and the next one is due in an hour. */
const waiting = (n = 1, over: Parameters<typeof aFailure>[2] = {}) =>
  aFailure(n, 1, { next: { kind: 'retry', atMs: nowMs + 3_600_000 }, ...over });
const exhausted = (n = 1) => aFailure(n, 1, { next: { kind: 'dead-letter', reason: 'exhausted' } });
const manual = (n: number, chain: number, over: Parameters<typeof anAttemptRecord>[1] = {}) =>
  anAttemptRecord(n, { chain, trigger: 'manual', atMs: nowMs, ...over });

describe('a retry of a delivery', () => {
  it.each(allFormats)('sends the bytes that fanout sent, in the format %s', async (format) => {
    const { attempt, retry, subscriptions, commands, log } = createRetries();
    subscriptions.set('sub_1', aSubscriptionRecord({ format, version: 7 }));
    const delivery = await attempt(waiting());
    const event = anEventOf(delivery.eventId, { orderingKey: 'k' });
    log.set(event.id, event);
    await retry(delivery);
    const [command] = commands;
    expect(command?.body).toEqual(bodyRenderer(event, builtAtMs)(format));
    expect(command?.state).toMatchObject({
      ...{ deliveryId: delivery.id, eventId: event.id, subscriptionVersion: 7, orderingKey: 'k', format },
      ...{ acceptedAtMs: builtAtMs, attempt: 1, position: 0, trigger: 'manual', notBeforeMs: null },
      attempts: [{ atMs: delivery.attemptEvents[0]?.atMs, statusCode: 500, reason: 'http-status' }],
    });
    expect(command?.state.cloudEvent).toEqual(
      format === 'cloudevents-binary' ? { source: event.source, time: event.time } : undefined,
    );
    if (command !== undefined) expect(decodeDelivery(encodeDelivery(command)).state).toEqual(command.state);
  });

  it('takes the place of what waits', async () => {
    const { attempt, retry, commands } = createRetries();
    expect(await retry(await attempt(waiting()))).toMatchObject({ chain: 1, isOutOfOrder: false });
    expect(commands[0]?.state).toMatchObject({ chain: 1, supersedes: true });
  });

  it.each([
    ['delivered', [anAttemptRecord(1)]],
    ['ended without a dead letter', [aFailure(1, 1, { next: { kind: 'none' } })]],
    ['ended by a later retry', [waiting(), manual(1, 1)]],
  ])('supersedes nothing if it has %s', async (_, attempts) => {
    const { attempt, retry, commands } = createRetries();
    const delivery = await attempt(...attempts);
    const { chain } = await retry(delivery);
    expect(chain).toBe(attempts.length);
    expect(commands[0]?.state.supersedes).toBeUndefined();
  });

  it('takes the place of a retry that waits although the delivery has succeeded before', async () => {
    const { attempt, retry, commands } = createRetries();
    const failed = { outcome: outcomes.failed, next: { kind: 'retry', atMs: nowMs + 60_000 } } as const;
    const delivery = await attempt(anAttemptRecord(1), manual(1, 1, failed));
    expect(delivery.status).toBe('delivered');
    await retry(delivery);
    expect(commands[0]?.state).toMatchObject({ chain: 2, supersedes: true });
  });

  it('settles its waiting dead letters, with the chain', async () => {
    const { attempt, retry, deadLetter, deadLetters, settled } = createRetries();
    const delivery = await attempt(exhausted());
    const { ref } = await deadLetter();
    expect(await retry(delivery)).toMatchObject({ chain: 1 });
    expect(settled).toMatchObject([{ ref, how: 'redriven', chain: 1, by: 'key_1' }]);
    expect(deadLetters.all()).toMatchObject([{ state: 'redriven', taken: { jobId: '', chain: 1 } }]);
  });

  it('uses the body of a dead letter when the log no longer has the event', async () => {
    const { attempt, retry, deadLetter, log, commands } = createRetries();
    const delivery = await attempt(exhausted());
    const { body } = await deadLetter({ format: 'plain' });
    log.clear();
    await retry(delivery);
    expect(commands[0]).toMatchObject({ body, state: { format: 'plain', chain: 1 } });
  });

  it('is refused with the oldest time of the log if nothing has the body', async () => {
    const { attempt, retry, log, commands, retries } = createRetries();
    const delivery = await attempt(waiting());
    log.clear();
    const oldest = new Date(builtAtMs + 60_000).toISOString();
    expect(await refusalOf(retry(delivery))).toMatch(
      new RegExp(`^unprocessable: The log no longer has event.*${oldest}`),
    );
    expect([...commands, ...retries.all()]).toEqual([]);
  });
});

describe('a retry that is repeated', () => {
  it('continues with its chain after a request whose result is unknown', async () => {
    const { attempt, retry, commands, fault } = createRetries();
    const delivery = await attempt(waiting());
    fault.error = new AppError({ code: 'unavailable', message: 'no brokers' });
    await expect(retry(delivery, 'one')).rejects.toMatchObject({ code: 'unavailable' });
    fault.error = null;
    expect(await retry(delivery, 'one')).toMatchObject({ chain: 1 });
    expect(commands.map(({ state }) => [state.chain, state.supersedes])).toEqual([
      [1, true],
      [1, true],
    ]);
  });

  it('is refused by another request until it has a result, and gets the next chain later', async () => {
    const { attempt, retry, commands, clock } = createRetries();
    const delivery = await attempt(anAttemptRecord(1));
    await retry(delivery, 'one');
    expect(await refusalOf(retry(delivery, 'two'))).toMatch(/^conflict: .*in flight: a retry was requested/);
    await clock.advance(60_000);
    expect(await retry(delivery, 'three')).toMatchObject({ chain: 2 });
    expect(commands.at(-1)?.state).toMatchObject({ chain: 2, supersedes: true });
  });

  it('is one retry if two requests come at the same time', async () => {
    const { attempt, retry, commands } = createRetries();
    const delivery = await attempt(anAttemptRecord(1));
    const results = await Promise.allSettled([retry(delivery, 'one'), retry(delivery, 'two')]);
    expect(results.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(commands).toHaveLength(1);
  });
});

describe('a retry is refused', () => {
  it.each([
    ['unknown', undefined, /is unknown/],
    ['deleted', aSubscriptionRecord({ state: 'deleted' }), /was deleted/],
    ['disabled', aSubscriptionRecord({ state: 'disabled' }), /is disabled: enable it/],
  ])('if its subscription is %s', async (_, subscription, text) => {
    const { attempt, retry, subscriptions, commands } = createRetries();
    if (subscription === undefined) subscriptions.clear();
    else subscriptions.set('sub_1', subscription);
    expect(await refusalOf(retry(await attempt(waiting())))).toMatch(text);
    expect(commands).toEqual([]);
  });

  it('while its attempt is due', async () => {
    const { attempt, retry, clock } = createRetries();
    const delivery = await attempt(waiting(1, { next: { kind: 'retry', atMs: nowMs - 1_000 } }));
    expect(await refusalOf(retry(delivery))).toMatch(/^conflict: .*in flight: its next attempt \(chain 0\)/);
    await clock.advance(60_000);
    expect(await retry(delivery)).toMatchObject({ chain: 1 });
  });

  it('while a job holds its dead letter', async () => {
    const { attempt, retry, deadLetter, deadLetters } = createRetries();
    const delivery = await attempt(exhausted());
    const { ref } = await deadLetter();
    await deadLetters.take([{ ref, taken: { jobId: 'job_1', chain: 1 } }]);
    expect(await refusalOf(retry(delivery))).toMatch(/^conflict: Job 'job_1' is about to redrive/);
  });

  it('while a redriven dead letter of it has no result, and then gets a later chain', async () => {
    const { attempt, retry, deadLetter, deadLetters, clock, commands } = createRetries();
    const delivery = await attempt(exhausted());
    const { ref } = await deadLetter();
    await deadLetters.take([{ ref, taken: { jobId: 'job_1', chain: 1 } }]);
    await deadLetters.settle([ref], { how: 'redriven', by: 'key_1', reason: null, atMs: nowMs });
    expect(await refusalOf(retry(delivery))).toMatch(/has been redriven/);
    await clock.advance(60_000);
    expect(await retry(delivery)).toMatchObject({ chain: 2 });
    expect(commands[0]?.state.supersedes).toBe(true);
  });

  it('for the test of a subscription', async () => {
    const { attempt, retry } = createRetries();
    expect(await refusalOf(retry(await attempt(anAttemptRecord(1, { trigger: 'test' }))))).toMatch(
      /is a test/,
    );
  });
});

describe('a retry to an ordered subscription', () => {
  const start = () => {
    const retries = createRetries();
    retries.subscriptions.set('sub_1', aSubscriptionRecord({ ordering: 'subscription' }));
    return retries;
  };
  const behind = (n: number) =>
    anAttemptRecord(n, {
      ...{ outcome: { kind: 'deferred', reason: 'held' }, next: { kind: 'retry', atMs: builtAtMs + 1_000 } },
      ...{ acceptedAtMs: builtAtMs + n },
    });

  it('sends the head now', async () => {
    const { attempt, retry } = start();
    await attempt(behind(2));
    expect(await retry(await attempt(waiting()))).toMatchObject({ isOutOfOrder: false });
  });

  it('is refused behind the head, with the id of the head', async () => {
    const { attempt, retry, commands } = start();
    const head = await attempt(waiting());
    const delivery = await attempt(behind(2));
    expect(await refusalOf(retry(delivery))).toMatch(
      new RegExp(`^conflict: .*behind '${head.id}', the head`),
    );
    expect(commands).toEqual([]);
  });

  it('is refused behind another one that was not attempted either', async () => {
    const { attempt, retry } = start();
    const ahead = await attempt(behind(2));
    const delivery = await attempt(behind(3));
    expect(await refusalOf(retry(delivery))).toMatch(new RegExp(`behind '${ahead.id}'`));
    expect(await retry(ahead)).toMatchObject({ chain: 1 });
  });

  it.each([
    ['the same key', 'k', /behind/],
    ['another key', 'other', null],
  ])('with order by key looks at the queue of %s', async (_, orderingKey, refusal) => {
    const { attempt, retry, subscriptions, log } = createRetries();
    subscriptions.set('sub_1', aSubscriptionRecord({ ordering: 'key' }));
    await attempt(waiting(1, { orderingKey }));
    const delivery = await attempt({ ...behind(2), orderingKey: 'k' });
    log.set(delivery.eventId, anEventOf(delivery.eventId, { orderingKey: 'k' }));
    const retried = retry(delivery);
    if (refusal === null) expect(await retried).toMatchObject({ chain: 1, isOutOfOrder: false });
    else expect(await refusalOf(retried)).toMatch(refusal);
  });

  it('joins the end of the queue if it has ended, and says so', async () => {
    const { attempt, retry, commands } = start();
    await attempt(waiting(2));
    expect(await retry(await attempt(exhausted()))).toMatchObject({ isOutOfOrder: true });
    expect(commands[0]?.state.supersedes).toBeUndefined();
  });
});

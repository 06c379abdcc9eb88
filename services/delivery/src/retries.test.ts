import { topics } from '@tidings/contracts';
import { answered, failed } from '@tidings/testing/messages';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aCommand, aSubscription } from '../test/builders.ts';
import { type Harness, startHarness } from '../test/harness.ts';

const start = async (): Promise<Harness> => startHarness({ cleanUp: onTestFinished });

describe('a failed attempt', () => {
  it('is retried over the ladder with the same id and bytes and a new time and signature', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    harness.sender.rule = () => answered(500);
    await harness.publish(aCommand(1));
    expect(harness.attemptEvents()).toMatchObject([
      { outcome: { kind: 'failed', statusCode: 500 }, next: { kind: 'retry' } },
    ]);
    expect(await harness.committed()).toBe(1);
    harness.sender.rule = () => answered(200);
    await harness.clock.advance(4_000);
    expect(harness.sender.sent).toHaveLength(1);
    await harness.clock.advance(2_000);
    const [first, second] = harness.sender.sent;
    expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
    expect(second?.body.equals(first?.body ?? Buffer.alloc(0))).toBe(true);
    expect(second?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature']);
    const waitedMs = (second?.atMs ?? 0) - (first?.atMs ?? 0);
    expect(waitedMs).toBeGreaterThanOrEqual(5_000);
    expect(waitedMs).toBeLessThanOrEqual(5_500);
    expect(harness.attemptEvents().at(-1)).toMatchObject({
      attempt: 2,
      trigger: 'retry',
      outcome: { kind: 'delivered' },
    });
  });

  it('follows the schedule within its jitter and ends as a dead letter with all attempts', async () => {
    const harness = await start();
    await harness.register(aSubscription({ retryScheduleSeconds: [0, 5, 70, 400] }));
    harness.sender.rule = () => answered(503);
    await harness.publish(aCommand(1));
    await harness.clock.advance(600_000);
    const times = harness.sender.sent.map(({ atMs }) => atMs);
    const waits = times.slice(1).map((atMs, at) => (atMs - (times[at] ?? 0)) / 1_000);
    expect(waits).toHaveLength(3);
    [5, 70, 400].forEach((scheduled, at) => {
      expect(waits[at]).toBeGreaterThanOrEqual(scheduled);
      expect(waits[at]).toBeLessThanOrEqual(scheduled * 1.1 + 1);
    });
    const [deadLetter] = harness.deadLetters();
    expect(deadLetter?.reason).toBe('exhausted');
    expect(deadLetter?.state.attempts.map(({ statusCode }) => statusCode)).toEqual([503, 503, 503, 503]);
    expect(harness.attemptEvents().at(-1)?.next).toEqual({ kind: 'dead-letter', reason: 'exhausted' });
    const [record] = harness.bus.records(topics.deadLetters);
    expect(record?.value?.toString()).toBe('{"n": 1}');
  });

  it('waits for Retry-After, over several rungs', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    harness.sender.rule = () => answered(429, { 'retry-after': '95' });
    await harness.publish(aCommand(1));
    await harness.clock.advance(94_900);
    expect(harness.sender.sent).toHaveLength(1);
    await harness.clock.advance(1_200);
    expect(harness.sender.sent).toHaveLength(2);
  });

  it('uses the newest subscription: a new URL and schedule apply to waiting commands', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    harness.sender.rule = () => answered(500);
    await harness.publish(aCommand(1));
    await harness.register(
      aSubscription({ version: 2, endpointUrl: 'https://new.example/', retryScheduleSeconds: [5] }),
    );
    await harness.clock.advance(6_000);
    expect(harness.sender.sent[1]?.url).toBe('https://new.example/');
    expect(harness.deadLetters()).toMatchObject([{ reason: 'exhausted' }]);
  });

  it('of a blocked address is not retried and does not reveal the address', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    harness.sender.rule = () => failed('blocked-address');
    await harness.publish(aCommand(1));
    expect(harness.deadLetters()).toMatchObject([{ reason: 'not-retried' }]);
    const everything = [...harness.bus.records(topics.attempts), ...harness.bus.records(topics.deadLetters)];
    expect(
      everything.map((record) => JSON.stringify(record.headers) + String(record.value)).join(),
    ).not.toContain('127.0.0.1');
    expect(await harness.metric('tidings_delivery_blocked_addresses_total')).toBe(1);
  });

  it('with 410 disables the endpoint in this process at once, until the registry has a newer version', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    harness.sender.rule = () => answered(410);
    await harness.publish(aCommand(1));
    await harness.publish(aCommand(2));
    expect(harness.sender.sent).toHaveLength(1);
    expect(harness.deadLetters()).toMatchObject([{ reason: 'not-retried' }, { reason: 'disabled' }]);
    expect(harness.attemptEvents().at(-1)?.outcome).toEqual({ kind: 'set-aside', reason: 'disabled' });
    await harness.register(aSubscription({ version: 2 }));
    await harness.publish(aCommand(3));
    expect(harness.sender.sent).toHaveLength(2);
  });

  it('with 410 disables the endpoint in the next process too, until the registry has a newer version', async () => {
    const first = await start();
    await first.register(aSubscription());
    first.sender.rule = () => answered(410);
    await first.publish(aCommand(1));
    await first.stop();
    const { bus, clock } = first;
    const second = await startHarness({ bus, clock, cleanUp: onTestFinished });
    await second.publish(aCommand(2));
    expect(second.sender.sent).toEqual([]);
    expect(second.attemptEvents().at(-1)?.outcome).toEqual({ kind: 'set-aside', reason: 'disabled' });
    await second.register(aSubscription({ version: 2 }));
    await second.publish(aCommand(3));
    expect(second.sender.sent).toHaveLength(1);
  });

  it('with 410 to a test disables nothing', async () => {
    const first = await start();
    await first.register(aSubscription());
    first.sender.rule = () => answered(410);
    await first.publish(aCommand(1, { trigger: 'test' }));
    await first.stop();
    const second = await startHarness({ bus: first.bus, clock: first.clock, cleanUp: onTestFinished });
    await second.publish(aCommand(2));
    expect(second.sender.sent).toHaveLength(1);
  });
});

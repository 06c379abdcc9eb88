import { subscriptionId, topics } from '@tidings/contracts';
import { answered } from '@tidings/testing/messages';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aCommand, aSubscription, sealedSecret, secretText } from '../test/builders.ts';
import { type Harness, startHarness } from '../test/harness.ts';
import { breakerRules } from './deferral/domain/circuit-breaker.ts';

const minute = 60_000;

const start = async (): Promise<Harness> => startHarness({ cleanUp: onTestFinished });

/** Starts a harness with one retry due in 5 s, then steps the wall clock. */
const withWaitingRetry = async (stepMs: number): Promise<Harness> => {
  const harness = await start();
  await harness.register(aSubscription({ retryScheduleSeconds: [5] }));
  harness.sender.rule = () => answered(500);
  await harness.publish(aCommand(1));
  expect(harness.ladderCommands()).toHaveLength(1);
  harness.sender.rule = () => answered(204);
  harness.clock.set(harness.clock.nowMs() + stepMs);
  return harness;
};

describe('a system clock that steps', () => {
  it('back delays a waiting retry by at most the step, in a few hops, and delays no other subscription', async () => {
    const harness = await withWaitingRetry(-10 * minute);
    const other = subscriptionId('sub_other');
    await harness.register(aSubscription({ id: other }));
    await harness.clock.advance(minute);
    await harness.publish(aCommand(2, { subscriptionId: other }));
    const [one, two] = [aCommand(1), aCommand(2)].map(({ state }) => state.deliveryId);
    expect(harness.sender.ids).toEqual([one, two]);
    await harness.clock.advance(10 * minute);
    expect(harness.sender.ids).toEqual([one, two, one]);
    expect(harness.ladderCommands().length).toBeLessThan(15);
    expect(harness.deadLetters()).toEqual([]);
  });

  it.each([
    ['back', -10 * minute],
    ['forward', 10 * minute],
  ])('%s keeps the order of an ordered queue and does not stop it', async (_, stepMs) => {
    const harness = await start();
    await harness.register(aSubscription({ ordering: 'subscription', retryScheduleSeconds: [5] }));
    harness.sender.rule = () => answered(500);
    await harness.publish(aCommand(1));
    harness.sender.rule = () => answered(204);
    harness.clock.set(harness.clock.nowMs() + stepMs);
    await harness.publish(aCommand(2), aCommand(3));
    await harness.clock.advance(12 * minute);
    const [one, two, three] = [1, 2, 3].map((n) => aCommand(n).state.deliveryId);
    expect(harness.sender.ids).toEqual([one, one, two, three]);
    expect(harness.ladderCommands().length).toBeLessThan(15);
  });

  it.each([
    ['back', -60 * minute],
    ['forward', 60 * minute],
  ])('%s changes no rate limit', async (_, stepMs) => {
    const harness = await start();
    await harness.register(aSubscription({ rateLimit: { perSecond: 2, burst: 1 } }));
    harness.sender.rule = () => answered(204);
    await harness.publish(...[1, 2, 3, 4].map((n) => aCommand(n)));
    expect(harness.sender.sent).toHaveLength(1);
    harness.clock.set(harness.clock.nowMs() + stepMs);
    await harness.clock.advance(499);
    expect(harness.sender.sent).toHaveLength(1);
    await harness.clock.advance(1_001);
    expect(harness.sender.sent).toHaveLength(4);
  });

  it.each([
    ['back', -60 * minute],
    ['forward', 60 * minute],
  ])('%s neither opens nor closes a circuit breaker', async (_, stepMs) => {
    const harness = await start();
    await harness.register(aSubscription());
    harness.sender.rule = () => answered(500);
    for (let n = 1; n <= breakerRules.consecutiveFailures; n += 1) await harness.publish(aCommand(n));
    const requests = harness.sender.sent.length;
    harness.clock.set(harness.clock.nowMs() + stepMs);
    await harness.publish(aCommand(100));
    expect(harness.sender.sent).toHaveLength(requests);
    // Retries of other commands are sent too. Relevant here: requests go out
    // again once the breaker's own time is over.
    await harness.clock.advance(breakerRules.firstOpenMs + minute);
    expect(harness.sender.sent.length).toBeGreaterThan(requests);
  });

  it('back neither loses a retry nor spins', async () => {
    const harness = await start();
    await harness.register(aSubscription());
    harness.sender.rule = () => answered(500);
    await harness.publish(aCommand(1));
    harness.sender.rule = () => answered(200);
    harness.clock.set(harness.clock.nowMs() - 10 * minute);
    await harness.clock.advance(620_000);
    expect(harness.sender.sent).toHaveLength(2);
    expect(harness.ladderCommands().length).toBeLessThan(30);
  });

  it('forward releases a waiting retry once', async () => {
    const harness = await start();
    await harness.register(aSubscription({ retryScheduleSeconds: [300] }));
    harness.sender.rule = () => answered(500);
    await harness.publish(aCommand(1));
    harness.sender.rule = () => answered(200);
    harness.clock.set(harness.clock.nowMs() + 60 * minute);
    await harness.clock.advance(301_000);
    expect(harness.sender.sent).toHaveLength(2);
  });

  it('selects the signing secrets by its current time', async () => {
    const harness = await start();
    const owner = { workspaceId: 'acme', id: 'sub_a' };
    const older = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
    const endsMs = harness.clock.nowMs() + minute;
    await harness.register(
      aSubscription({ secrets: [sealedSecret(secretText, owner), sealedSecret(older, owner, endsMs)] }),
    );
    harness.sender.rule = () => answered(204);
    const signatures = async (n: number) => {
      await harness.publish(aCommand(n));
      return harness.sender.sent.at(-1)?.headers['webhook-signature']?.split(' ').length;
    };
    expect(await signatures(1)).toBe(2);
    harness.clock.set(endsMs + 1);
    expect(await signatures(2)).toBe(1);
    harness.clock.set(endsMs - 1);
    expect(await signatures(3)).toBe(2);
  });
});

describe('commands stamped by another clock', () => {
  it.each([
    ['behind', -10 * minute],
    ['ahead', 10 * minute],
  ])('%s by minutes end like all others, without a busy loop', async (_, skewMs) => {
    const harness = await start();
    await harness.register(aSubscription({ retryScheduleSeconds: [5] }));
    const requested = new Set<string | undefined>();
    harness.sender.rule = ({ headers }) => {
      const isFirst = !requested.has(headers['webhook-id']);
      requested.add(headers['webhook-id']);
      return answered(isFirst ? 500 : 204);
    };
    const nowMs = harness.clock.nowMs();
    // The broker stamps records by the producer's clock: both differ from the service's clock while they publish.
    harness.clock.set(nowMs + skewMs);
    await harness.publish(aCommand(1), aCommand(2, { notBeforeMs: harness.clock.nowMs() + 2_000 }));
    harness.clock.set(nowMs);
    const before = harness.bus.records(topics.deliveries).length;
    await harness.clock.advance(12 * minute);
    const ends = harness.attemptEvents().filter(({ outcome }) => outcome.kind === 'delivered');
    expect(ends.map(({ deliveryId }) => deliveryId).sort()).toEqual(
      [aCommand(1), aCommand(2)].map(({ state }) => state.deliveryId).sort(),
    );
    expect(harness.bus.records(topics.deliveries).length - before).toBeLessThan(30);
    expect(harness.ladderCommands().length).toBeLessThan(30);
  });
});

import { deriveDeliveryId, newEventId, workspaceId } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { nextId } from '../../../test/a-subscription.ts';
import type { CountedAttempt } from './counted-attempt.ts';
import { type EndpointHealth, noHealth, shownHealth, withAttempts } from './endpoint-health.ts';

const id = nextId();
const at = (offset: number, overrides: Partial<CountedAttempt> = {}): CountedAttempt => ({
  position: { partition: 3, offset },
  atMs: 1_000 + offset,
  subscriptionVersion: 1,
  failure: 'timeout',
  statusCode: null,
  cause: `dlv_${offset}.0.1`,
  workspaceId: workspaceId('ws_own'),
  givenUp: null,
  ...overrides,
});
const policy = { disableAfterFailures: 10, disableAfterMs: 1_000_000 };
const context = { countedVersion: 1, policy, endOf: () => 1_000 };
const after = (attempts: readonly CountedAttempt[], health: EndpointHealth = noHealth(id)): EndpointHealth =>
  withAttempts(health, attempts, context).health;

describe('endpoint health', () => {
  it('counts consecutive failures, and starts again after a delivery', () => {
    const failing = after([at(1), at(2, { failure: 'tls' })]);
    expect(failing).toMatchObject({
      rev: 1,
      failureCount: 2,
      failingSinceMs: 1_001,
      lastFailureAtMs: 1_002,
      lastFailureReason: 'tls',
      lastDeliveryAtMs: null,
    });
    const well = after([at(3, { failure: null })], failing);
    expect(well).toMatchObject({ rev: 2, failureCount: 0, failingSinceMs: null, lastDeliveryAtMs: 1_003 });
    expect(after([at(4)], well)).toMatchObject({ failureCount: 1, failingSinceMs: 1_004 });
  });

  it('counts each record once, regardless of repeated reads and batches', () => {
    const attempts = [at(1), at(2), at(5, { failure: null }), at(6), at(9)];
    const once = after(attempts);
    expect(after(attempts, once)).toBe(once);
    const inParts = attempts.reduce((health, attempt) => after([attempt], health), noHealth(id));
    const { rev: _, ...counted } = once;
    expect(inParts).toMatchObject(counted);
    expect(after([at(6), at(9), at(10)], once)).toMatchObject({ failureCount: 3 });
  });

  it('has a position in each partition', () => {
    const other = { position: { partition: 4, offset: 1 } };
    const health = after([at(5), at(1, other)]);
    expect(health.failureCount).toBe(2);
    expect(after([at(1, other), at(5)], health)).toBe(health);
  });

  it('resets failures when the subscription is enabled, including late ones of older versions', () => {
    const failing = after([at(1), at(2)]);
    expect(shownHealth(failing, 1).failureCount).toBe(2);
    expect(shownHealth(failing, 3).failureCount).toBe(0);
    const enabled = { ...context, countedVersion: 3 };
    const { health: late } = withAttempts(failing, [at(3), at(4, { subscriptionVersion: 3 })], enabled);
    expect(late).toMatchObject({ failureCount: 1, failingSinceMs: 1_004, countedVersion: 3 });
    const { health: well } = withAttempts(late, [at(5, { failure: null })], enabled);
    expect(well.lastDeliveryAtMs).toBe(1_005);
  });

  it('counts a recreated topic from its beginning', () => {
    const old = after([at(500)]);
    const next = withAttempts(old, [at(0)], { ...context, endOf: () => 1 });
    expect(next.health).toMatchObject({ failureCount: 2 });
    expect(withAttempts(old, [at(0)], { ...context, endOf: () => 501 }).health).toBe(old);
  });

  it('shows no figures if nothing was sent', () => {
    expect(shownHealth(undefined, 1)).toEqual({ failureCount: 0, lastDeliveryAtMs: null });
  });
});

describe('health transitions', () => {
  const failures = (count: number, overrides: Partial<CountedAttempt> = {}) =>
    Array.from({ length: count }, (_, n) => at(n, overrides));
  const published = (
    attempts: readonly CountedAttempt[],
    {
      health = noHealth(id),
      ...over
    }: Partial<Parameters<typeof withAttempts>[2]> & { health?: EndpointHealth } = {},
  ) => withAttempts(health, attempts, { ...context, ...over });
  const kinds = ({ transitions }: ReturnType<typeof published>) => transitions.map(({ kind }) => kind);

  it('report failing once, at the fourth failure', () => {
    expect(kinds(published(failures(3)))).toEqual([]);
    expect(published(failures(9)).transitions).toMatchObject([
      {
        kind: 'failing',
        cause: 'dlv_3.0.1',
        failureCount: 4,
        failingSinceMs: 1_000,
        failure: { atMs: 1_003 },
      },
    ]);
  });

  it('are the same for any batches of the attempts', () => {
    const attempts = [...failures(12), at(12, { failure: null })];
    let health = noHealth(id);
    const alone = attempts.flatMap((attempt) => {
      const step = published([attempt], { health });
      health = step.health;
      return step.transitions;
    });
    expect(alone).toEqual(published(attempts).transitions);
    expect(kinds(published(attempts, { health }))).toEqual([]);
  });

  it('report disabled once, after the number of failures that the workspace sets', () => {
    const { transitions, health } = published(failures(20));
    expect(transitions).toMatchObject([
      { kind: 'failing' },
      { kind: 'disabled', reason: 'consecutive-failures', failureCount: 10, cause: 'dlv_9.0.1' },
    ]);
    expect(health).toMatchObject({ alert: 'disabled', failureCount: 20 });
    const never = { disableAfterFailures: 0, disableAfterMs: 1_000_000 };
    expect(kinds(published(failures(20), { policy: never }))).toEqual(['failing']);
  });

  it('report disabled if the limit was lowered below the current count', () => {
    const lower = { ...policy, disableAfterFailures: 5 };
    const { health } = published(failures(8));
    expect(kinds(published([at(8)], { health, policy: lower }))).toEqual(['disabled']);
  });

  it('report disabled after failures only for too long', () => {
    const days = { disableAfterFailures: 100, disableAfterMs: 5_000 };
    const late = at(1, { atMs: 6_000 });
    expect(published([at(0), late], { policy: days }).transitions).toMatchObject([
      { kind: 'disabled', reason: 'only-failures', failureCount: 2 },
    ]);
    const once = [at(0), at(1, { failure: null, atMs: 3_000 }), at(2, { atMs: 6_001 })];
    expect(kinds(published(once, { policy: days }))).toEqual([]);
  });

  it('report disabled immediately after a 410', () => {
    expect(
      published([at(0, { failure: 'gone', statusCode: 410, subscriptionVersion: 7 })]).transitions,
    ).toMatchObject([
      { kind: 'disabled', reason: 'gone', subscriptionVersion: 7, failure: { statusCode: 410 } },
    ]);
  });

  it('ignore attempts made before the subscription was enabled', () => {
    const gone = at(0, { failure: 'gone' });
    expect(kinds(published([gone, ...failures(30).slice(1)], { countedVersion: 2 }))).toEqual([]);
  });

  it('report recovered once, and only after failing', () => {
    const well = at(100, { failure: null });
    expect(kinds(published([...failures(3), well]))).toEqual([]);
    expect(kinds(published([...failures(5), well, at(101, { failure: null })]))).toEqual([
      'failing',
      'recovered',
    ]);
  });

  it('report recovered for a delivery after enabling, not for an attempt that was in progress before', () => {
    const { health } = published(failures(10));
    const late = published([at(10, { failure: null })], { health });
    expect(kinds(late)).toEqual([]);
    const enabled = published([at(11, { subscriptionVersion: 3 })], {
      health: late.health,
      countedVersion: 3,
    });
    expect(enabled.health).toMatchObject({ alert: 'failing', failureCount: 1 });
    const delivered = published([at(12, { failure: null })], { health: enabled.health, countedVersion: 3 });
    expect(kinds(delivered)).toEqual(['recovered']);
  });

  it('report each exhausted delivery, including those of a disabled endpoint', () => {
    const eventId = newEventId(1);
    const givenUp = {
      deliveryId: deriveDeliveryId(eventId, id),
      eventId,
      eventType: 'order.paid',
      attempts: 8,
      reason: 'exhausted',
    } as const;
    const { health } = published(failures(10));
    expect(published([at(10, { givenUp })], { health }).transitions).toMatchObject([
      { kind: 'exhausted', cause: 'dlv_10.0.1', givenUp, failure: { reason: 'timeout' } },
    ]);
  });
});

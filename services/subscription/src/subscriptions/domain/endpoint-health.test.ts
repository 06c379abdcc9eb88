import { describe, expect, it } from 'vitest';
import { nextId } from '../../../test/a-subscription.ts';
import {
  type CountedAttempt,
  type EndpointHealth,
  noHealth,
  shownHealth,
  withAttempts,
} from './endpoint-health.ts';

const id = nextId();
const at = (offset: number, overrides: Partial<CountedAttempt> = {}): CountedAttempt => ({
  position: { partition: 3, offset },
  atMs: 1_000 + offset,
  subscriptionVersion: 1,
  failure: 'timeout',
  ...overrides,
});
const context = { enabledVersion: 1, endOf: () => 1_000 };
const after = (attempts: readonly CountedAttempt[], health: EndpointHealth = noHealth(id)): EndpointHealth =>
  withAttempts(health, attempts, context);

describe('the health of an endpoint', () => {
  it('counts failures in a row, and begins anew with a delivery', () => {
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

  it('counts each record once, however often it is read and in whatever batches', () => {
    const attempts = [at(1), at(2), at(5, { failure: null }), at(6), at(9)];
    const once = after(attempts);
    expect(after(attempts, once)).toBe(once);
    const inParts = attempts.reduce((health, attempt) => after([attempt], health), noHealth(id));
    const { rev: _, ...counted } = once;
    expect(inParts).toMatchObject(counted);
    expect(after([at(6), at(9), at(10)], once)).toMatchObject({ failureCount: 3 });
  });

  it('knows its place in each partition', () => {
    const other = { position: { partition: 4, offset: 1 } };
    const health = after([at(5), at(1, other)]);
    expect(health.failureCount).toBe(2);
    expect(after([at(1, other), at(5)], health)).toBe(health);
  });

  it('forgives failures when the subscription is enabled, those that come late included', () => {
    const failing = after([at(1), at(2)]);
    expect(shownHealth(failing, 1).failureCount).toBe(2);
    expect(shownHealth(failing, 3).failureCount).toBe(0);
    const enabled = { ...context, enabledVersion: 3 };
    const late = withAttempts(failing, [at(3), at(4, { subscriptionVersion: 3 })], enabled);
    expect(late).toMatchObject({ failureCount: 1, failingSinceMs: 1_004, enabledVersion: 3 });
    expect(withAttempts(late, [at(5, { failure: null })], enabled).lastDeliveryAtMs).toBe(1_005);
  });

  it('counts a log that was made anew from its beginning', () => {
    const old = after([at(500)]);
    expect(withAttempts(old, [at(0)], { ...context, endOf: () => 1 })).toMatchObject({ failureCount: 2 });
    expect(withAttempts(old, [at(0)], { ...context, endOf: () => 501 })).toBe(old);
  });

  it('shows nothing where nothing was sent', () => {
    expect(shownHealth(undefined, 1)).toEqual({ failureCount: 0, lastDeliveryAtMs: null });
  });
});

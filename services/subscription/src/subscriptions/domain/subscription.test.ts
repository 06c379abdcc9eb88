import { decodeSubscription, encodeSubscription } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { aSecret, aSubscription, someSettings } from '../../../test/a-subscription.ts';
import { raisedAbove } from '../../registry/domain/versioned.ts';
import { rotated } from './signing-secrets.ts';
import { amended, deleted, disabled, enabled, recordOf, withSecrets } from './subscription.ts';

/** The fields of a record without TLS before subscriptions had an audience. */
const fieldsOfEarlierReleases = [
  ...['consumerId', 'countedVersion', 'disabledReason', 'enabledVersion', 'endpointUrl', 'events', 'filters'],
  ...['format', 'headers', 'id', 'kind', 'maxInFlight', 'onEnable', 'onExhausted', 'ordering', 'rateLimit'],
  ...['requestOrigin', 'retryScheduleSeconds', 'secretHeaders', 'secrets', 'signatureStyle', 'state'],
  ...['timeoutMs', 'type', 'version', 'workspaceId'],
];

describe('a subscription', () => {
  it('records the treatment of dead letters each time it is enabled', () => {
    const discarding = enabled(disabled(aSubscription(), 'r', 9), 10, 'discard');
    expect(recordOf(discarding)).toMatchObject({ enabledVersion: 3, onEnable: 'discard' });
    expect(enabled(discarding, 11, 'redrive')).toBe(discarding);
    const again = enabled(disabled(discarding, 'r', 11), 12);
    expect(recordOf(again)).toMatchObject({ enabledVersion: 5, onEnable: 'redrive' });
  });

  it('starts active and unpublished, as version 1', () => {
    expect(aSubscription()).toMatchObject({
      state: 'active',
      version: 1,
      enabledVersion: 1,
      isUnpublished: true,
    });
  });

  it('keeps its version when a change has no effect', () => {
    const subscription = aSubscription();
    const same = { settings: someSettings(), isActive: true, reason: 'manual' };
    expect(amended(subscription, same, 9)).toBe(subscription);
    expect(enabled(subscription, 9)).toBe(subscription);
    const off = disabled(subscription, 'first', 9);
    expect(disabled(off, 'second', 10)).toBe(off);
  });

  it('changes settings and state in one version', () => {
    const published = { ...aSubscription(), isUnpublished: false };
    const next = amended(
      published,
      { settings: someSettings({ events: ['*'] }), isActive: false, reason: 'r' },
      9,
    );
    expect(next).toMatchObject({
      version: 2,
      state: 'disabled',
      disabledAtMs: 9,
      disabledReason: 'r',
      updatedAtMs: 9,
      isUnpublished: true,
      settings: { events: ['*'] },
    });
  });

  it('clears the reason when it is enabled, and counts attempts from that version', () => {
    const on = enabled(disabled(aSubscription(), 'r', 9), 10);
    expect(on).toMatchObject({
      version: 3,
      enabledVersion: 3,
      state: 'active',
      disabledAtMs: null,
      disabledReason: null,
    });
    expect(
      amended(on, { settings: someSettings({ events: ['*'] }), isActive: true, reason: '' }, 11),
    ).toMatchObject({
      version: 4,
      enabledVersion: 3,
    });
  });

  it('counts attempts from the version that changed its endpoint, but not from other changes', () => {
    const changed = amended(
      aSubscription(),
      { settings: someSettings({ description: 'other' }), isActive: true, reason: '' },
      9,
    );
    expect(changed).toMatchObject({ version: 2, countedVersion: 1 });
    const moved = amended(
      changed,
      { settings: someSettings({ endpointUrl: 'https://new.example/' }), isActive: true, reason: '' },
      10,
    );
    expect(moved).toMatchObject({ version: 3, enabledVersion: 1, countedVersion: 3 });
    expect(recordOf(moved).countedVersion).toBe(3);
    const off = disabled(moved, 'r', 11);
    const movedWhileOff = amended(off, { settings: someSettings(), isActive: false, reason: '' }, 12);
    expect(movedWhileOff).toMatchObject({ version: 5, countedVersion: 3 });
    expect(enabled(movedWhileOff, 13)).toMatchObject({ enabledVersion: 6, countedVersion: 6 });
  });

  it('has no secrets when it is deleted', () => {
    expect(deleted(aSubscription(), 9)).toMatchObject({
      state: 'deleted',
      version: 2,
      deletedAtMs: 9,
      secrets: [],
    });
  });

  it('can be raised above a version that readers hold', () => {
    expect(raisedAbove(aSubscription({ version: 3 }), 7, 9).version).toBe(8);
    expect(raisedAbove(aSubscription({ version: 3 }), 2, 9).version).toBe(4);
  });

  it('has a record that other services can decode, without fields that they do not need', () => {
    const subscription = aSubscription({ secrets: [aSecret({ publicKey: 'whpk_x' })] });
    const wire = encodeSubscription(recordOf(subscription));
    expect(wire.key).toBe(subscription.id);
    expect(decodeSubscription(wire)).toEqual(recordOf(subscription));
    expect(wire.value?.toString()).not.toContain('whpk_x');
  });

  it('has a record that earlier releases can decode, unless it is internal: they refuse a field that they do not know', () => {
    const recordFor = (audience: 'external' | 'internal') => {
      const subscription = aSubscription();
      return recordOf({ ...subscription, settings: { ...subscription.settings, audience } });
    };
    expect(Object.keys(recordFor('external')).sort()).toEqual(fieldsOfEarlierReleases);
    expect(recordFor('internal')).toMatchObject({ audience: 'internal' });
  });
});

describe('a rotation', () => {
  const current = aSecret({ id: 'old' });
  const fresh = aSecret({ id: 'new', createdAtMs: 1_000 });

  it('puts the new secret first and sets the expiry of the old one', () => {
    expect(rotated([current], { fresh, nowMs: 1_000, overlapMs: 600 })).toEqual([
      fresh,
      { ...current, expiresAtMs: 1_600 },
    ]);
  });

  it('never extends an expiry', () => {
    const ending = aSecret({ id: 'older', expiresAtMs: 1_200 });
    const [, , older] = rotated([current, ending], { fresh, nowMs: 1_000, overlapMs: 600 });
    expect(older?.expiresAtMs).toBe(1_200);
  });

  it('without overlap leaves only the new secret', () => {
    const ending = aSecret({ id: 'older', expiresAtMs: 1_200 });
    expect(rotated([current, ending], { fresh, nowMs: 1_000, overlapMs: 0 })).toEqual([fresh]);
  });

  it('removes expired secrets from every later version', () => {
    const both = withSecrets(
      aSubscription(),
      rotated([current], { fresh, nowMs: 1_000, overlapMs: 600 }),
      1_000,
    );
    expect(both.secrets).toHaveLength(2);
    expect(disabled(both, 'r', 1_599).secrets).toHaveLength(2);
    expect(disabled(both, 'r', 1_600).secrets.map(({ id }) => id)).toEqual(['new']);
  });
});

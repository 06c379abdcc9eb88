import { subscriptionId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { describe, expect, it } from 'vitest';
import { aSubscription } from '../../test/a-subscription.ts';
import { subscriptionKind } from './subscription-kind.ts';

const { toDocument, fromDocument } = subscriptionKind;

const faultOf = (raw: unknown): string => {
  try {
    fromDocument(raw);
  } catch (error) {
    if (error instanceof AppError && error.code === 'undecodable') return error.message;
    throw error;
  }
  return 'nothing thrown';
};

describe('the document of a subscription', () => {
  it('decodes to the same subscription', () => {
    const subscription = aSubscription({
      settings: { filters: { $and: [{ 'a.b': 1 }] }, headers: { 'X.Y': 'z' } },
    });
    expect(fromDocument(toDocument(subscription))).toEqual(subscription);
  });

  it('has no field name that MongoDB could interpret as an operator or a path', () => {
    const names: string[] = [];
    const collect = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [name, field] of Object.entries(value)) {
        names.push(name);
        collect(field);
      }
    };
    collect(
      toDocument(aSubscription({ settings: { filters: { $or: [{ 'a.b': 1 }] }, headers: { '$x.y': 'z' } } })),
    );
    expect(names.filter((name) => /[.$]/.test(name))).toEqual([]);
  });

  it('of a release without an audit log counts as copied to the log', () => {
    const subscription = aSubscription();
    const { unaudited: _, audit: __, ...before } = toDocument(subscription);
    expect(fromDocument({ ...before, schema_version: 2 })).toEqual({ ...subscription, audit: null });
  });

  it('of a release without on_enable redrives dead letters', () => {
    const {
      unaudited: _,
      audit: __,
      on_enable: ___,
      ...first
    } = toDocument(aSubscription({ onEnable: 'discard' }));
    expect(fromDocument({ ...first, schema_version: 1 })).toMatchObject({ onEnable: 'redrive', version: 1 });
  });

  it('of a release without sealed headers has none, no verification and no pending test', () => {
    const {
      secret_headers: _,
      verify: __,
      request_origin: ___,
      test_owed: ____,
      ...third
    } = toDocument(aSubscription({ isTestPending: true, settings: { verify: 'ping' } }));
    expect(fromDocument({ ...third, schema_version: 3 })).toEqual(
      aSubscription({ id: subscriptionId(third._id), settings: { secretHeaders: [], verify: 'none' } }),
    );
  });

  it('is rejected with a missing or an additional field', () => {
    const { version: _, ...incomplete } = toDocument(aSubscription());
    expect(faultOf(incomplete)).toContain("'version'");
    expect(faultOf({ ...toDocument(aSubscription()), extra: 1 })).toContain('additional');
  });

  it('of a release without internal events is external', () => {
    const { audience: _, ...before } = toDocument(aSubscription());
    expect(fromDocument({ ...before, schema_version: 6 }).settings).toMatchObject({ audience: 'external' });
  });
});

import { describe, expect, it } from 'vitest';
import { consumerId, type EventId, eventId, workspaceId } from '../ids/ids.ts';
import { ErasedData } from './erased-data.ts';
import { type DataErased, decodeErasure, encodeErasure } from './erasure.ts';

const idOf = (n: number): string => `job_${n.toString(16).padStart(32, '0')}`;
const event = eventId(`evt_${'a'.repeat(32)}`);
const demo = workspaceId('ws_demo');
const acme = consumerId('acme');

const anErasure = (over: Partial<DataErased> = {}): DataErased => ({
  type: 'DataErased.v1',
  erasureId: idOf(1),
  workspaceId: demo,
  scope: { kind: 'event', eventId: event },
  beforeMs: 1_000,
  requestedBy: 'key_admin',
  reason: 'asked',
  requestedAtMs: 1_000,
  ...over,
});

const ofAcme = (over: Partial<DataErased> = {}) =>
  anErasure({ scope: { kind: 'consumer', consumerId: acme }, ...over });

const aSubject = (acceptedAtMs: number, over: object = {}) => ({
  ...{ workspaceId: demo, eventId: event as EventId, consumerId: null, acceptedAtMs },
  ...over,
});

describe('a record of the erasures topic', () => {
  it('is decoded as it was encoded', () => {
    for (const erasure of [anErasure(), ofAcme()])
      expect(decodeErasure(encodeErasure(erasure))).toEqual(erasure);
  });

  it('still decodes as its first release wrote it', () => {
    const value = Buffer.from(
      `{"type":"DataErased.v1","erasureId":"${idOf(1)}","workspaceId":"ws_demo","scope":{"kind":"consumer","consumerId":"acme"},"beforeMs":1000,"requestedBy":"key_admin","reason":"asked","requestedAtMs":1000}`,
    );
    expect(decodeErasure({ key: idOf(1), headers: {}, value })).toEqual(ofAcme());
  });

  it.each([
    ['another scope', { scope: { kind: 'workspace' } }],
    ['two scopes', { scope: { kind: 'event', eventId: event, consumerId: acme } }],
    ['no time', { beforeMs: null }],
    ['an unknown field', { until: 'ever' }],
  ])('is refused with %s', (_, over) => {
    const record = encodeErasure({ ...anErasure(), ...over } as unknown as DataErased);
    expect(() => decodeErasure(record)).toThrow(/not a valid DataErased/);
  });
});

describe('the known erasures', () => {
  it('cover an event of the same workspace that was accepted before', () => {
    const erased = new ErasedData();
    expect(erased.covers(aSubject(1))).toBe(false);
    erased.put(anErasure());
    expect(erased.covers(aSubject(999))).toBe(true);
    expect(erased.covers(aSubject(1_000))).toBe(false);
    expect(erased.covers(aSubject(1, { eventId: eventId(`evt_${'b'.repeat(32)}`) }))).toBe(false);
    expect(erased.covers(aSubject(1, { workspaceId: workspaceId('ws_other') }))).toBe(false);
  });

  it('cover what belongs or is addressed to a consumer, and no consumer whose id looks like an event', () => {
    const erased = new ErasedData();
    erased.put(ofAcme());
    expect(erased.covers(aSubject(1, { consumerId: acme }))).toBe(true);
    expect(erased.covers(aSubject(1, { addressedTo: acme }))).toBe(true);
    expect(erased.covers(aSubject(1, { consumerId: consumerId('globex') }))).toBe(false);
    erased.put(anErasure({ erasureId: idOf(2) }));
    const named = { eventId: eventId(`evt_${'c'.repeat(32)}`), consumerId: consumerId(event) };
    expect(erased.covers(aSubject(1, named))).toBe(false);
  });

  it('are the same in any order and with repetitions: the latest time counts', () => {
    const records = [100, 300, 200].map((beforeMs, n) => ofAcme({ erasureId: idOf(n), beforeMs }));
    for (const order of [records, records.toReversed(), [...records, ...records]]) {
      const erased = new ErasedData();
      for (const record of order) erased.put(record);
      expect(erased.size).toBe(3);
      expect(erased.covers(aSubject(299, { consumerId: acme }))).toBe(true);
      expect(erased.covers(aSubject(300, { consumerId: acme }))).toBe(false);
    }
  });

  it('end with their tombstones one by one', () => {
    const erased = new ErasedData();
    erased.put(ofAcme({ beforeMs: 300 }));
    erased.put(ofAcme({ erasureId: idOf(2), beforeMs: 200 }));
    erased.remove(idOf(1));
    expect(erased.covers(aSubject(250, { consumerId: acme }))).toBe(false);
    expect(erased.covers(aSubject(150, { consumerId: acme }))).toBe(true);
    erased.remove(idOf(2));
    erased.remove(idOf(2));
    expect(erased.covers(aSubject(1, { consumerId: acme }))).toBe(false);
    expect([erased.size, erased.has(idOf(2))]).toEqual([0, false]);
  });
});

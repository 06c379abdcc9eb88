import { describe, expect, it } from 'vitest';
import { newBody, patchOf } from './bodies.ts';
import { mergePatchOf } from './merge-patch.ts';
import { readSchedule, scheduleText } from './schedule-text.ts';
import { newValues, noTls, type Values } from './values.ts';

const base: Values = { ...newValues(''), endpoint_url: 'https://a.example/', events: ['order.*'] };
const row = { isSecret: false, isKept: false };

describe('the change of a form', () => {
  it('has only what was changed', () => {
    expect(patchOf(base, base)).toEqual({});
    expect(patchOf(base, { ...base, description: 'Orders', timeout_seconds: '20' })).toEqual({
      description: 'Orders',
      timeout_seconds: 20,
    });
    expect(patchOf({ ...base, description: 'Orders' }, base)).toEqual({ description: null });
  });

  it('sends a text that is no number as it is, so that the API names the field', () => {
    expect(patchOf(base, { ...base, timeout_seconds: 'ten' })).toEqual({ timeout_seconds: 'ten' });
  });

  it('removes, replaces and adds headers of both kinds, and never names a secret that is kept', () => {
    const headers = [
      { ...row, name: 'x-a', value: '1' },
      { ...row, name: 'x-b', value: '2' },
      { name: 'authorization', value: '', isSecret: true, isKept: true },
      { name: 'x-key', value: '', isSecret: true, isKept: true },
    ];
    const [a, , authorization, key] = headers as Required<typeof headers>;
    const patch = patchOf({ ...base, headers }, {
      ...base,
      headers: [{ ...a, value: '9' }, authorization, { ...key, isKept: false, value: 'new' }],
    } as Values);
    expect(patch).toEqual({ headers: { 'x-a': '9', 'x-b': null }, secret_headers: { 'x-key': 'new' } });
    expect(patchOf({ ...base, headers }, { ...base, headers: headers.slice(0, 2) })).toEqual({
      secret_headers: { authorization: null, 'x-key': null },
    });
  });

  it('moves a header that becomes secret', () => {
    const headers = [{ ...row, name: 'x-a', value: '1' }];
    expect(
      patchOf(
        { ...base, headers },
        { ...base, headers: [{ ...row, name: 'x-a', value: '1', isSecret: true }] },
      ),
    ).toEqual({ headers: { 'x-a': null }, secret_headers: { 'x-a': '1' } });
  });

  it('replaces a filter as a whole: what it has no more is removed at every depth', () => {
    const before = { ...base, filters: { total: { $gte: 10, $lt: 99 }, tier: 'gold' } };
    expect(patchOf(before, { ...before, filters: { total: { $gte: 10 }, currency: 'EUR' } })).toEqual({
      filters: { total: { $lt: null }, tier: null, currency: 'EUR' },
    });
    expect(patchOf(before, { ...before, filters: null })).toEqual({ filters: null });
    expect(patchOf({ ...before, filters: null }, before)).toEqual({ filters: before.filters });
  });

  it('removes a rate limit whose rate is empty, and certificates on demand', () => {
    const limited = { ...base, rate_limit: { per_second: '5', burst: '10' } };
    expect(patchOf(limited, base)).toEqual({ rate_limit: null });
    expect(patchOf(base, limited)).toEqual({ rate_limit: { per_second: 5, burst: 10 } });
    expect(patchOf(base, { ...base, tls: { ...noTls, isRemoved: true } })).toEqual({ tls: null });
    expect(patchOf(base, { ...base, tls: { ...noTls, ca: 'PEM' } })).toEqual({ tls: { ca: 'PEM' } });
  });
});

it('creates with the values of the form, and leaves out what is empty', () => {
  const body = newBody({ ...newValues('acme'), endpoint_url: ' https://a.example/ ', events: ['*'] });
  expect(body).toMatchObject({ endpoint_url: 'https://a.example/', consumer_id: 'acme', send_test: true });
  expect(body).not.toHaveProperty('secret');
  expect(body).not.toHaveProperty('rate_limit');
  expect(body).not.toHaveProperty('tls');
});

it('sends no test to one that is created disabled', () => {
  expect(newBody({ ...newValues(''), is_active: false })).toMatchObject({ send_test: false });
});

it.each([
  [{ a: 1, b: { c: 2 } }, { a: 1, b: { d: 3 } }, { b: { c: null, d: 3 } }],
  [{ a: [1] }, { a: [1, 2] }, { a: [1, 2] }],
  [{ a: { b: 1 } }, { a: 5 }, { a: 5 }],
  [null, { a: 1 }, { a: 1 }],
])('the patch from %j to %j is %j', (before, after, patch) => {
  expect(mergePatchOf(before, after)).toEqual(patch);
});

it('reads and writes schedules in units', () => {
  expect(scheduleText([5, 90, 60, 7_200, 86_400])).toBe('5s, 90s, 1m, 2h, 1d');
  expect(readSchedule('5s, 90 1m 2h,1d')).toEqual({ seconds: [5, 90, 60, 7_200, 86_400] });
  expect(readSchedule('5s, soon')).toEqual({ wrong: 'soon' });
  expect(readSchedule('')).toEqual({ seconds: [] });
});

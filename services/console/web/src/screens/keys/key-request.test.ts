import { describe, expect, it } from 'vitest';
import { payloadFault } from '../../parts/form/payload-limit.ts';
import { grantableScopes, type KeyForm, keyFaults, requestOf } from './key-request.ts';
import { texts } from './texts.ts';

const nowMs = Date.parse('2026-11-30T10:00:00Z');
const aForm = (overrides: Partial<KeyForm> = {}): KeyForm => ({
  name: ' shop backend ',
  scopes: ['events:write', 'deliveries:read'],
  consumer_id: '',
  expires_at: 'never',
  expires_on: '',
  requests_per_second: '',
  spool: false,
  max_payload_bytes: '',
  ...overrides,
});

describe('the form of a new key', () => {
  it('sends what is filled in', () => {
    expect(requestOf(aForm(), nowMs)).toEqual({
      name: 'shop backend',
      scopes: ['events:write', 'deliveries:read'],
    });
    expect(requestOf(aForm({ name: '', expires_at: '30', requests_per_second: '50' }), nowMs)).toEqual({
      scopes: ['events:write', 'deliveries:read'],
      expires_at: '2026-12-30T10:00:00.000Z',
      requests_per_second: 50,
    });
  });

  it('keeps events on disk only for a key that publishes', () => {
    expect(requestOf(aForm({ spool: true }), nowMs)).toMatchObject({ spool: true });
    expect(requestOf(aForm({ spool: true, scopes: ['admin'] }), nowMs)).toMatchObject({ spool: true });
    expect(requestOf(aForm({ spool: true, scopes: ['deliveries:read'] }), nowMs)).not.toHaveProperty('spool');
    expect(requestOf(aForm({ max_payload_bytes: ' 2048 ' }), nowMs)).toMatchObject({
      max_payload_bytes: 2_048,
    });
    expect(requestOf(aForm({}), nowMs)).not.toHaveProperty('max_payload_bytes');
    expect(requestOf(aForm({ spool: true, consumer_id: 'acme' }), nowMs)).not.toHaveProperty('spool');
  });

  it('ends on the last second of a day where the person is', () => {
    const { expires_at } = requestOf(aForm({ expires_at: 'on', expires_on: '2027-01-31' }), nowMs);
    expect(new Date(String(expires_at)).toString()).toContain('Jan 31 2027 23:59:59');
  });

  it('gives the key of a consumer no scope that it cannot have', () => {
    expect(requestOf(aForm({ consumer_id: ' acme ' }), nowMs)).toEqual({
      name: 'shop backend',
      consumer_id: 'acme',
      scopes: ['deliveries:read'],
    });
    expect([...keyFaults(aForm({ consumer_id: 'acme', scopes: ['admin'] }), nowMs)]).toEqual([
      ['scopes', texts.form.scopesMissing],
    ]);
  });

  it.each([
    [{ expires_at: 'on' }, ['expires_on', texts.form.expiresOnMissing]],
    [{ expires_at: 'on', expires_on: '2026-11-01' }, ['expires_on', texts.form.expiresOnMissing]],
    [{ max_payload_bytes: '1000' }, ['max_payload_bytes', payloadFault('1000')]],
    [{ requests_per_second: 'many' }, ['requests_per_second', texts.form.rateWrong('many')]],
    [{ requests_per_second: '0.5' }, ['requests_per_second', texts.form.rateWrong('0.5')]],
  ] as const)('refuses %j', (wrong, fault) => {
    expect([...keyFaults(aForm(wrong), nowMs)]).toEqual([fault]);
  });

  it('offers only what the own key may grant, and to a consumer its four', () => {
    expect(Object.keys(grantableScopes(['admin'], ''))).not.toContain('platform');
    expect(Object.keys(grantableScopes(['admin'], ''))).toHaveLength(7);
    expect(Object.keys(grantableScopes(['admin', 'platform'], ''))).toContain('platform');
    expect(Object.keys(grantableScopes(['admin'], 'acme'))).toEqual([
      'subscriptions:read',
      'subscriptions:write',
      'deliveries:read',
      'deliveries:write',
    ]);
  });
});

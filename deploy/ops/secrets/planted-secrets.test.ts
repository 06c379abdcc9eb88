import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PlantedSecrets } from './planted-secrets.ts';

const key = randomBytes(32);
const secret = `whsec_${key.toString('base64')}`;
const password = 'pass word/&"9f2c61d0a7';
const planted = new PlantedSecrets();
planted.plant('signing secret', secret, ['document']);
planted.plant('password', password);

const named = (text: string | Buffer, surface: 'log' | 'document' = 'log'): readonly string[] =>
  planted
    .leaksIn(surface, { source: 'delivery', content: Buffer.from(text) })
    .map((leak) => leak.split(' as ')[0] ?? '');

describe('a planted secret', () => {
  it.each<readonly [string, string | Buffer]>([
    ['as it is', secret],
    ['without its prefix', key.toString('base64')],
    ['as bytes', key],
    ['in hex', `key=${key.toString('hex').toUpperCase()};`],
    ['in base64url', key.toString('base64url')],
    ['as base64 of its text', Buffer.from(secret).toString('base64')],
    ...[1, 2, 3].map((length): readonly [string, string] => [
      `within base64, after ${length} characters`,
      Buffer.from(`${'x'.repeat(length)}${secret}, more`).toString('base64'),
    ]),
  ])('is found %s', (_form, text) => {
    expect(new Set(named(text))).toEqual(new Set(['signing secret']));
  });

  it.each([
    ['in JSON', JSON.stringify({ password })],
    ['in a URL', encodeURIComponent(password)],
    ['as the password of Basic', `Basic ${Buffer.from(`user:${password}`).toString('base64')}`],
    ['in UTF-16', Buffer.from(password, 'utf16le')],
  ])('with special characters is found %s', (_form, text) => {
    expect(named(text)).toContain('password');
  });

  it('is named with what surrounds it, and never shown', () => {
    const [leak = ''] = planted.leaksIn('log', {
      source: 'delivery',
      content: Buffer.from(`{"detail":"got ${secret}"}`),
    });
    expect(leak).toBe('signing secret as text in log of delivery: {"detail":"got whsec_<HERE>"}');
  });

  it('may be where it is shown by design', () => {
    expect(named(secret, 'document')).toEqual([]);
    const excepted = ['signing secret'];
    expect(planted.leaksIn('log', { source: 'a', content: Buffer.from(secret), excepted })).toEqual([]);
    expect(named('nothing of it')).toEqual([]);
  });
});

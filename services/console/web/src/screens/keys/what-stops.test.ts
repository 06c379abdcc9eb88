import { expect, it } from 'vitest';
import { texts } from './texts.ts';
import { whatStops } from './what-stops.ts';

const key = { id: 'key_1', scopes: ['admin', 'events:write'], last_used_at: null } as never;
const { stops, scopeHints } = texts;

it('says of a key of an admin what it could do, and that its tokens end with it', () => {
  expect(whatStops(key, '5 minutes ago', 'key_2')).toEqual({
    abilities: [scopeHints.admin],
    notes: [stops.used('5 minutes ago'), stops.tokens, stops.others, stops.forever],
  });
});

it('says of a key with few scopes each of them, and whether it was ever used', () => {
  const one = { id: 'key_1', scopes: ['events:write', 'deliveries:read'] } as never;
  expect(whatStops(one, null, 'key_2')).toEqual({
    abilities: [scopeHints['events:write'], scopeHints['deliveries:read']],
    notes: [stops.unused, stops.forever],
  });
});

it('says that the session ends with its own key', () => {
  expect(whatStops(key, null, 'key_1').notes).toContain(stops.own);
});

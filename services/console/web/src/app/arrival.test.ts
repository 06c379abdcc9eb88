import { expect, it } from 'vitest';
import { arrivalOf, isOut, tokenId } from './arrival.ts';
import { Turns } from './turns.ts';

const identity = (workspace_id: string, consumer_id: string, key_id = 'tok_1') => ({
  ...{ key_id, workspace_id, consumer_id, scopes: [], granted_by: null, expires_at: null },
});
const acme = { identity: identity('ws_a', 'acme') };

it.each([
  ['replaces a token of the same consumer', 'open', identity('ws_a', 'acme', 'tok_2')],
  ['asks before another consumer', 'ask', identity('ws_a', 'globex')],
  ['asks before another workspace', 'ask', identity('ws_b', 'acme')],
] as const)('a link that is valid %s', (_title, arrival, linked) => {
  expect(arrivalOf(acme, { linked, id: linked.key_id })).toBe(arrival);
});

it.each([
  ['keeps the session that it made', 'keep', 'tok_1'],
  ['does not fall back to a session of another token', 'ended', 'tok_2'],
  ['does not fall back without an id', 'ended', null],
] as const)('a link that has ended %s', (_title, arrival, id) => {
  expect(arrivalOf(acme, { linked: null, id })).toBe(arrival);
});

it('reads the id of a token, and none of another form', () => {
  // Base64url has - and _ where Base64 has + and /.
  const claims = btoa(JSON.stringify({ sub: '>>>???', jti: 'tok_1' }))
    .replaceAll('+', '-')
    .replaceAll('/', '_');
  expect(claims).toMatch(/[-_]/);
  expect(tokenId(`e30.${claims}.c2ln`)).toBe('tok_1');
  for (const other of ['', 'key_1', 'a.b.c', 'e30.bnVsbA.x', 'e30.e30.x', 'e30.eyJqdGkiOjd9.x'])
    expect(tokenId(other)).toBeNull();
});

it.each([
  [undefined, true, true],
  [undefined, false, true],
  [401, true, true],
  [401, false, true],
  [503, false, true],
  // The token is valid as long as the services have not been told.
  [503, true, false],
  [0, true, false],
  [0, false, false],
  [500, true, false],
])(
  'after a sign-out that was answered with %s, in a frame %s, nobody is signed in: %s',
  (status, holds, out) => {
    expect(isOut(status, holds)).toBe(out);
  },
);

it('takes the later of two credentials, in any order of their answers', () => {
  const turns = new Turns();
  const [first, second] = [turns.begin(), turns.begin()];
  expect(second()).toBe(true);
  expect(first()).toBe(false);
  const [third, fourth] = [turns.begin(), turns.begin()];
  expect(third()).toBe(true);
  expect(fourth()).toBe(true);
  const before = turns.begin();
  turns.end();
  expect(before()).toBe(false);
  expect(turns.begin()()).toBe(true);
});

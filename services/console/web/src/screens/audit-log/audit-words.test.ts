import { expect, it } from 'vitest';
import { changeWords, objectName, objectPath } from './audit-words.ts';

it.each([
  [{ kind: 'api-key', operation: 'revoked' }, 'API key revoked'],
  [{ kind: 'event_type', operation: 'schema_added' }, 'Event type schema version added'],
  [{ kind: 'new-kind', operation: 'turned_round' }, 'new kind turned round'],
])('says what %j was', (entry, words) => {
  expect(changeWords(entry)).toBe(words);
});

it('names an object without its workspace, and leads to its page', () => {
  const consumer = { kind: 'consumer', entity_id: 'ws_shop/a/b' };
  expect([objectName(consumer), objectPath(consumer)]).toEqual(['a/b', '/consumers/a%2Fb']);
  const tokenKey = { kind: 'token-key', entity_id: 'ws_shop/1' };
  expect([objectName(tokenKey), objectPath(tokenKey)]).toEqual(['ws_shop/1', null]);
});

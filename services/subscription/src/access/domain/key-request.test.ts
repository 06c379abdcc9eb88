import { compileBody } from '@tidings/http';
import { expect, it } from 'vitest';
import { bodySchemas } from './key-request.ts';

const isKey = compileBody(bodySchemas.key);
const isToken = compileBody(bodySchemas.token);

it.each(['.', '..', '', 'a b', 'a\u009b'])('rejects a key and a token of the consumer %j', (id) => {
  expect(isKey({ scopes: ['subscriptions:read'], consumer_id: id })).toBe(false);
  expect(isToken({ consumer_id: id })).toBe(false);
});

it.each(['.', '', 'a/b', 'a\u0000'])('rejects a key of the workspace %j', (id) => {
  expect(isKey({ scopes: ['admin'], workspace_id: id })).toBe(false);
});

it('accepts valid ids, and null for the whole workspace', () => {
  expect(isKey({ scopes: ['admin'], consumer_id: null, workspace_id: 'ws_a-1' })).toBe(true);
  expect(isKey({ scopes: ['admin'], consumer_id: 'a/..' })).toBe(true);
  expect(isToken({ consumer_id: '...' })).toBe(true);
});

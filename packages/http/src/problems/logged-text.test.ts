import { expect, it } from 'vitest';
import { loggedPath, withoutValues } from './logged-text.ts';

const key = `tdk_${'k'.repeat(43)}`;

it.each([
  [`type must match ^[a-z]+$, got '${key}'.`, "type must match ^[a-z]+$, got '…'."],
  ["mode must be one of 'fast', 'safe', got 'it's a secret'", "mode must be one of '…'"],
  [`The body breaks a rule: /${key} unknown field`, 'The body breaks a rule: /… unknown field'],
  [`There is no GET /v1/${key}.`, 'There is no GET /v1/…'],
  ["got '-----BEGIN\nsecret\n-----'.", "got '…'."],
  ['The key is not known.', 'The key is not known.'],
])('the log has %s as %s', (message, logged) => {
  expect(withoutValues(message)).toBe(logged);
});

it.each([
  [`/v1/webhooks/subscriptions/${key}/test?token=secret`, '/v1/webhooks/subscriptions/…/test'],
  [
    '/v1/webhooks/events/evt_01a22eec9005735daa5e4ba8a3b8eb1c',
    '/v1/webhooks/events/evt_01a22eec9005735daa5e4ba8a3b8eb1c',
  ],
])('the log has the path %s as %s', (url, logged) => {
  expect(loggedPath(url)).toBe(logged);
});

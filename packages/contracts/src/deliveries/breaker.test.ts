import { describe, expect, it } from 'vitest';
import { subscriptionId, workspaceId } from '../ids/ids.ts';
import { DecodeError } from '../wire/wire.ts';
import { decodeBreakerOpened, encodeBreakerClosed, encodeBreakerOpened } from './breaker.ts';

const opened = {
  type: 'BreakerOpened.v1',
  subscriptionId: subscriptionId('sub_a'),
  workspaceId: workspaceId('ws_demo'),
  consumerId: null,
  ...{ sinceMs: 1_790_000_000_000, probeAtMs: 1_790_000_010_000, atMs: 1_790_000_000_000 },
} as const;

describe('a record of a breaker', () => {
  it('is decoded from its bytes, and ends with a tombstone of the same key', () => {
    const record = encodeBreakerOpened(opened);
    expect(decodeBreakerOpened(record)).toEqual(opened);
    expect(encodeBreakerClosed(opened.subscriptionId)).toMatchObject({ key: record.key, value: null });
  });

  it.each([
    ['no value', null],
    ['no time', JSON.stringify({ ...opened, atMs: undefined })],
    ['an unknown field', JSON.stringify({ ...opened, url: 'x' })],
  ])('is refused with %s', (_, text) => {
    const record = { key: 'k', headers: {}, value: text === null ? null : Buffer.from(text) };
    expect(() => decodeBreakerOpened(record)).toThrow(DecodeError);
  });
});

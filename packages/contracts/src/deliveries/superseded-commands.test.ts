import { describe, expect, it } from 'vitest';
import { deliveryId, subscriptionId } from '../ids/ids.ts';
import { ladder, supersededKeptMs, topics } from '../wire/topics.ts';
import { DecodeError } from '../wire/wire.ts';
import { decodeSuperseded, encodeSuperseded } from './superseded-commands.ts';

const superseded = {
  type: 'CommandsSuperseded.v1',
  subscriptionId: subscriptionId('sub_a'),
  deliveryId: deliveryId(`dlv_${'1'.repeat(32)}`),
  chain: 2,
} as const;

describe('a record of superseded commands', () => {
  it('is decoded from its bytes, and has one key for each delivery', () => {
    const record = encodeSuperseded(superseded);
    expect(decodeSuperseded(record)).toEqual(superseded);
    expect(record.key).toBe(`sub_a/dlv_${'1'.repeat(32)}`);
    expect(encodeSuperseded({ ...superseded, chain: 3 }).key).toBe(record.key);
  });

  it.each([
    ['no value', null],
    ['chain 0, which supersedes nothing', JSON.stringify({ ...superseded, chain: 0 })],
    ['an unknown field', JSON.stringify({ ...superseded, by: 'x' })],
  ])('is refused with %s', (_, text) => {
    const record = { key: 'k', headers: {}, value: text === null ? null : Buffer.from(text) };
    expect(() => decodeSuperseded(record)).toThrow(DecodeError);
  });

  it('is kept for longer than any command can wait', () => {
    const keptMs = Math.max(...ladder.map(({ topic }) => Number(topic.config['retention.ms'])));
    // The brokers remove whole segments, which hold 7 days by default.
    const segmentMs = 7 * 86_400_000;
    expect(supersededKeptMs).toBeGreaterThan(keptMs + segmentMs);
    expect(topics.supersededCommands.config['retention.ms']).toBe(String(supersededKeptMs));
  });
});

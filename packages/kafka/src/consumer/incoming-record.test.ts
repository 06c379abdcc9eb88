import type { KafkaMessage } from 'kafkajs';
import { expect, it } from 'vitest';
import { toIncomingRecord } from './incoming-record.ts';

it('keeps a header of any name, since the producer chooses it', () => {
  // The decoder creates headers in this form: without a prototype.
  const headers = Object.assign(Object.create(null) as Record<string, Buffer | string[]>, {
    constructor: Buffer.from('c'),
    many: ['1', '2'],
  });
  Reflect.set(headers, '__proto__', Buffer.from('p'));
  const message = { key: null, value: null, timestamp: '7', offset: '1', headers } as unknown as KafkaMessage;
  const record = toIncomingRecord('t', 0, message);
  expect(Object.entries(record.headers)).toEqual([
    ['constructor', 'c'],
    ['many', '2'],
    ['__proto__', 'p'],
  ]);
  expect(Object.getPrototypeOf(record.headers)).toBe(Object.prototype);
});

import { expect, it } from 'vitest';
import { PartitionInbox } from './partition-inbox.ts';

it('serves partitions in rotation and keeps the order of each', () => {
  const inbox = new PartitionInbox<string>();
  inbox.add(1, ['a1', 'a2', 'a3', 'a4', 'a5']);
  inbox.add(2, ['b1']);
  expect(inbox.next(2)).toEqual(['a1', 'a2']);
  expect(inbox.next(2)).toEqual(['b1']);
  inbox.add(2, ['b2', 'b3', 'b4']);
  inbox.add(1, ['a6']);
  expect(inbox.next(2)).toEqual(['a3', 'a4']);
  expect(inbox.next(2)).toEqual(['b2', 'b3']);
  expect(inbox.next(2)).toEqual(['a5', 'a6']);
  expect(inbox.waiting).toBe(1);
  expect(inbox.next(2)).toEqual(['b4']);
  expect(inbox.next(2)).toEqual([]);
});

it('drops the items of a revoked partition', () => {
  const inbox = new PartitionInbox<string>();
  inbox.add(1, ['a1']);
  inbox.add(2, ['b1']);
  inbox.drop(1);
  expect(inbox.waiting).toBe(1);
  expect(inbox.next(5)).toEqual(['b1']);
});

it('accepts a partition that was revoked and assigned again, without its earlier items', () => {
  const inbox = new PartitionInbox<string>();
  inbox.add(1, ['a1', 'a2']);
  inbox.add(2, ['b1']);
  inbox.drop(1);
  inbox.add(1, ['a3']);
  inbox.add(3, []);
  expect(inbox.waiting).toBe(2);
  expect(inbox.next(5)).toEqual(['b1']);
  expect(inbox.next(5)).toEqual(['a3']);
  expect(inbox.next(5)).toEqual([]);
});

import { expect, it } from 'vitest';
import { Intake } from './partition-inbox.ts';

it('gives partitions their turns and keeps the order of each', () => {
  const intake = new Intake<string>();
  intake.add(1, ['a1', 'a2', 'a3', 'a4', 'a5']);
  intake.add(2, ['b1']);
  expect(intake.next(2)).toEqual(['a1', 'a2']);
  expect(intake.next(2)).toEqual(['b1']);
  intake.add(2, ['b2', 'b3', 'b4']);
  intake.add(1, ['a6']);
  expect(intake.next(2)).toEqual(['a3', 'a4']);
  expect(intake.next(2)).toEqual(['b2', 'b3']);
  expect(intake.next(2)).toEqual(['a5', 'a6']);
  expect(intake.waiting).toBe(1);
  expect(intake.next(2)).toEqual(['b4']);
  expect(intake.next(2)).toEqual([]);
});

it('drops what belongs to a partition that is lost', () => {
  const intake = new Intake<string>();
  intake.add(1, ['a1']);
  intake.add(2, ['b1']);
  intake.drop(1);
  expect(intake.waiting).toBe(1);
  expect(intake.next(5)).toEqual(['b1']);
});

it('takes up a partition that was lost and came back, without what it had before', () => {
  const intake = new Intake<string>();
  intake.add(1, ['a1', 'a2']);
  intake.add(2, ['b1']);
  intake.drop(1);
  intake.add(1, ['a3']);
  intake.add(3, []);
  expect(intake.waiting).toBe(2);
  expect(intake.next(5)).toEqual(['b1']);
  expect(intake.next(5)).toEqual(['a3']);
  expect(intake.next(5)).toEqual([]);
});

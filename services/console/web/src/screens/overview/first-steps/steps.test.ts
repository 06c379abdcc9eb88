import { expect, it } from 'vitest';
import { type Happened, type Seen, stepNames, stepsOf } from './steps.ts';

const nothing: Happened = {
  isPublished: false,
  first: null,
  isBroken: false,
  isSecondPublished: false,
  second: null,
};
const seen = (status: Seen['status'], attempt_count: number): Seen => ({
  ...{ id: 'dlv_1', status, attempt_count, last_status_code: null, next_attempt_at: null },
});
const currentOf = (happened: Partial<Happened>) =>
  stepsOf({ ...nothing, ...happened }).find(({ state }) => state === 'current')?.name ?? 'over';

const delivered = { isPublished: true, first: seen('delivered', 1) };
const broken = { ...delivered, isBroken: true, isSecondPublished: true };

it.each([
  ['nothing has happened', {}, 'publish'],
  ['the event is on its way', { isPublished: true, first: seen('pending', 0) }, 'arrive'],
  ['it has arrived', delivered, 'break'],
  ['the endpoint is broken, and nothing is published yet', { ...delivered, isBroken: true }, 'break'],
  ['the second event was faster than the change', { ...broken, second: seen('delivered', 1) }, 'break'],
  ['the second event has failed once', { ...broken, second: seen('retrying', 1) }, 'retry'],
  ['it was retried', { ...broken, second: seen('retrying', 2) }, 'fix'],
  ['the endpoint works again', { ...broken, isBroken: false, second: seen('retrying', 2) }, 'replay'],
  ['the second event has arrived', { ...broken, isBroken: false, second: seen('delivered', 3) }, 'over'],
] as const)('when %s', (_, happened, current) => {
  expect(currentOf(happened)).toBe(current);
});

it('says of each step whether it is done or comes later', () => {
  expect(stepsOf({ ...nothing, ...delivered }).map(({ state }) => state)).toEqual([
    ...['done', 'done', 'current', 'later', 'later', 'later'],
  ]);
  expect(stepsOf(nothing).map(({ name }) => name)).toEqual(stepNames);
});

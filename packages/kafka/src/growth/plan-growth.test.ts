import { expect, it } from 'vitest';
import { type GrowthState, planGrowth } from './plan-growth.ts';

const state = (changed: Partial<GrowthState> = {}): GrowthState => ({
  partitions: new Map(
    ['deliveries', 'attempts', 'holds', 'superseded-commands', 'events', 'received-ids', 'retry.1s'].map(
      (name) => [`tidings.${name}`, 12],
    ),
  ),
  members: new Map(),
  waiting: { events: 0, deliveries: 0 },
  held: 0,
  ...changed,
});

it('grows commands together with all that is partitioned like them, and no other topic', () => {
  expect(planGrowth({ deliveries: 24 }, state())).toEqual({
    counts: new Map([
      ['tidings.deliveries', 24],
      ['tidings.attempts', 24],
      ['tidings.holds', 24],
      ['tidings.superseded-commands', 24],
    ]),
    refusals: [],
  });
});

it('grows events apart, with the ids in their partitions', () => {
  const { counts, refusals } = planGrowth({ events: 13 }, state({ held: 5 }));
  expect([[...counts], refusals]).toEqual([
    [
      ['tidings.events', 13],
      ['tidings.received-ids', 13],
    ],
    [],
  ]);
});

it('goes on where a growth was interrupted', () => {
  const partitions = new Map([...state().partitions, ['tidings.deliveries', 24], ['tidings.attempts', 24]]);
  const { counts, refusals } = planGrowth({ deliveries: 24 }, state({ partitions }));
  expect([[...counts.keys()], refusals]).toEqual([['tidings.holds', 'tidings.superseded-commands'], []]);
});

it('refuses with counts while anything runs or waits', () => {
  const members = new Map([
    ['tidings-fanout', 2],
    ['tidings-history', 1],
  ]);
  const busy = state({ members, waiting: { events: 7, deliveries: 3 }, held: 5 });
  expect(planGrowth({ deliveries: 24 }, busy).refusals).toEqual([
    'group tidings-fanout has 2 members: stop the service that reads it',
    'group tidings-history has 1 members: stop the service that reads it',
    '7 events are not matched: let fanout run until there are none',
    '3 commands are not taken over: let delivery run until there are none',
    '5 commands wait in ordered queues: let delivery run until they have ended, or disable their subscriptions',
  ]);
  expect(planGrowth({ events: 24 }, busy).refusals).toHaveLength(2);
});

it.each([11, 1_001, 12.5])('refuses %d partitions', (deliveries) => {
  expect(planGrowth({ deliveries }, state()).refusals).toEqual([
    `--deliveries must be an integer from 12 (the partitions of tidings.deliveries) to 1000, got '${deliveries}': topics cannot shrink`,
  ]);
});

it('refuses to grow events that chains follow, and lets commands grow', () => {
  const partitions = new Map([...state().partitions, ['tidings.chains.shop', 12], ['tidings.chains.a', 12]]);
  const [refusal] = planGrowth({ events: 24 }, state({ partitions })).refusals;
  expect(refusal).toContain('2 topics of chains have the partitions of the events (tidings.chains.a');
  expect(planGrowth({ deliveries: 24 }, state({ partitions })).refusals).toEqual([]);
});

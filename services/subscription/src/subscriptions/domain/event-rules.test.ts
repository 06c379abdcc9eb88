import { describe, expect, it } from 'vitest';
import { eventFaults, kindOf, patternsCovering } from './event-rules.ts';

const pointersOf = (events: readonly string[]): string[] => eventFaults(events).map(({ pointer }) => pointer);

describe('event patterns', () => {
  it.each([
    [['order.created']],
    [['order.*', '*']],
    [['webhook.test', 'order.*']],
    [['tidings.subscription.disabled']],
  ])('take %j', (events) => {
    expect(eventFaults(events)).toEqual([]);
  });

  it.each([
    'order.',
    '.order',
    'order..x',
    'or der',
    '**',
    'order.*.x',
    'order.**',
    'a-b',
    '',
    'x'.repeat(129),
  ])('refuse %j with its place', (event) => {
    expect(pointersOf(['ok', event])).toEqual(['/events/1']);
  });

  it.each(['tidings.*', 'tidings.subscription.*'])('refuse %j, which could match nothing', (event) => {
    expect(pointersOf([event])).toEqual(['/events/0']);
  });

  it.each(['tidings', 'tidings.subscription', 'tidings.order.paid'])(
    'refuse %j, which nobody raises',
    (event) => {
      expect(pointersOf([event])).toEqual(['/events/0']);
    },
  );

  it('keep events about the workspace in subscriptions of their own', () => {
    expect(pointersOf(['order.created', 'tidings.subscription.disabled'])).toEqual(['/events']);
    expect(kindOf(['tidings.subscription.disabled'])).toBe('operational');
    expect(kindOf(['order.created'])).toBe('webhook');
    expect(kindOf(['webhook.test'])).toBe('webhook');
  });

  it('cover a name by itself, by each of its families and by *', () => {
    expect(patternsCovering('a.b.c')).toEqual(['a.b.c', 'a.*', 'a.b.*', '*']);
    expect(patternsCovering('a')).toEqual(['a', '*']);
    expect(patternsCovering('a.b.*')).toEqual(['a.b.*', 'a.*', '*']);
    expect(patternsCovering('tidings.subscription.disabled')).toEqual(['tidings.subscription.disabled']);
  });
});

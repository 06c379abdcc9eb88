import { describe, expect, it } from 'vitest';
import { eventFaults, kindOf, patternsCovering } from './event-rules.ts';

const pointersOf = (events: readonly string[]): string[] => eventFaults(events).map(({ pointer }) => pointer);

describe('event patterns', () => {
  it.each([
    [['order.created']],
    [['order.*', '*']],
    [['webhook.test', 'order.*']],
    [['tidings.subscription.disabled']],
  ])('accept %j', (events) => {
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
  ])('reject %j with its pointer', (event) => {
    expect(pointersOf(['ok', event])).toEqual(['/events/1']);
  });

  it.each(['tidings.*', 'tidings.subscription.*'])('reject %j, which matches nothing', (event) => {
    expect(pointersOf([event])).toEqual(['/events/0']);
  });

  it.each(['tidings', 'tidings.subscription', 'tidings.order.paid'])(
    'reject %j, which is not an operational event',
    (event) => {
      expect(pointersOf([event])).toEqual(['/events/0']);
    },
  );

  it('reject a mix of operational and other events', () => {
    expect(pointersOf(['order.created', 'tidings.subscription.disabled'])).toEqual(['/events']);
    expect(kindOf(['tidings.subscription.disabled'])).toBe('operational');
    expect(kindOf(['order.created'])).toBe('webhook');
    expect(kindOf(['webhook.test'])).toBe('webhook');
  });

  it('cover a name with itself, each of its families and *', () => {
    expect(patternsCovering('a.b.c')).toEqual(['a.b.c', 'a.*', 'a.b.*', '*']);
    expect(patternsCovering('a')).toEqual(['a', '*']);
    expect(patternsCovering('a.b.*')).toEqual(['a.b.*', 'a.*', '*']);
    expect(patternsCovering('tidings.subscription.disabled')).toEqual(['tidings.subscription.disabled']);
  });
});

import { describe, expect, it } from 'vitest';
import { checkReplay, localTime, type ReplayValues, replayRequest } from './replay-request.ts';

const values: ReplayValues = {
  ...{ target: 'missing', subscription_id: '', from: '2026-11-22T10:00', to: '', types: '' },
  ...{ filter: '', rate: '', as_new: false, hold_live: false },
};
const texts = { from: 'from', time: 'time', subscription: 'subscription', filter: 'filter', rate: 'rate' };

describe('the request of a replay', () => {
  it('has the fields that were filled in, and times with their zone', () => {
    const from = new Date('2026-11-22T10:00').toISOString();
    expect(replayRequest(values)).toEqual({ from, target: { missing: true } });
    expect(
      replayRequest({
        ...values,
        ...{ target: 'subscription', subscription_id: ' sub_1 ', to: '2026-11-22T12:00', rate: '50' },
        ...{
          types: 'order.*, invoice.sent',
          filter: '{"total":{"$gte":100}}',
          hold_live: true,
          as_new: true,
        },
      }),
    ).toEqual({
      ...{ from, to: new Date('2026-11-22T12:00').toISOString(), types: ['order.*', 'invoice.sent'] },
      ...{ filter: { total: { $gte: 100 } }, target: { subscription_id: 'sub_1' }, as_new: true },
      ...{ hold_live: true, rate_per_second: 50 },
    });
  });

  it('has no new ids for what was missed, and holds live events of one subscription only', () => {
    expect(replayRequest({ ...values, as_new: true, hold_live: true })).not.toHaveProperty('as_new');
    const all = replayRequest({ ...values, target: 'all', as_new: true, hold_live: true });
    expect(all).toMatchObject({ target: { all: true }, as_new: true });
    expect(all).not.toHaveProperty('hold_live');
  });
});

it('finds what cannot be sent', () => {
  expect(checkReplay(values, texts)).toEqual(new Map());
  const faulty = { ...values, target: 'subscription', from: '', to: 'x', filter: '[1]', rate: '-1' } as const;
  expect([...checkReplay(faulty, texts).keys()]).toEqual(['from', 'to', 'subscription_id', 'filter', 'rate']);
});

it('writes a time as the input of a browser takes it', () => {
  expect(localTime(new Date(2026, 0, 2, 3, 4, 5))).toBe('2026-01-02T03:04');
});

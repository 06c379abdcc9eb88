import { fakeClock } from '@tidings/runtime/testing';
import { describe, expect, it, vi } from 'vitest';
import { createCollectStates } from './collect-states.ts';
import type { Answer } from './domain/service-state.ts';
import type { FetchReadiness } from './ports.ts';

const services = [
  { name: 'ingress', url: 'http://a' },
  { name: 'fanout', url: 'http://b' },
];
const up: Answer = { kind: 'answered', ready: true, parts: [{ name: 'event-log', state: 'up' }], tookMs: 3 };

describe('collectStates', () => {
  it('returns the state of each service, in order', async () => {
    const parts = [
      { name: 'table', state: 'starting' },
      { name: 'worker', state: 'down', reason: 'broker gone' },
      { name: 'other', state: 'up' },
    ];
    const answers: Record<string, Answer> = {
      ingress: { kind: 'answered', ready: false, parts, tookMs: 5 },
      fanout: { kind: 'no-answer', reason: 'no answer within 1000 ms' },
    };
    const fetchFrom: FetchReadiness = async ({ name }) => answers[name] ?? up;
    const collect = createCollectStates({ services, fetchFrom, clock: fakeClock(), freshMs: 1000 });
    const problems = ['table: starting', 'worker: down (broker gone)'];
    expect(await collect()).toEqual([
      { name: 'ingress', url: 'http://a', state: 'not-ready', tookMs: 5, problems, parts },
      {
        name: 'fanout',
        url: 'http://b',
        state: 'unreachable',
        tookMs: null,
        problems: ['no answer within 1000 ms'],
        parts: [],
      },
    ]);
  });

  it('fetches once for all callers while the responses are pending or fresh', async () => {
    const clock = fakeClock();
    const fetchFrom = vi.fn<FetchReadiness>(async () => up);
    const collect = createCollectStates({ services, fetchFrom, clock, freshMs: 1000 });
    await Promise.all([collect(), collect(), collect()]);
    await clock.advance(999);
    await collect();
    expect(fetchFrom).toHaveBeenCalledTimes(2);
    await clock.advance(1);
    await collect();
    expect(fetchFrom).toHaveBeenCalledTimes(4);
  });

  it('fetches again after a failure', async () => {
    const clock = fakeClock();
    const fetchFrom = vi.fn<FetchReadiness>(async () => up);
    fetchFrom.mockRejectedValueOnce(new Error('unexpected'));
    const collect = createCollectStates({ services, fetchFrom, clock, freshMs: 0 });
    await expect(collect()).rejects.toThrow('unexpected');
    expect(await collect()).toHaveLength(2);
  });
});

import { fakeClock } from '@tidings/runtime/testing';
import { describe, expect, it, vi } from 'vitest';
import { createCollectStates } from './collect-states.ts';
import type { Answer } from './domain/service-state.ts';
import type { AskService } from './ports.ts';

const services = [
  { name: 'ingress', url: 'http://a' },
  { name: 'fanout', url: 'http://b' },
];
const up: Answer = { kind: 'answered', ready: true, parts: [{ name: 'event-log', state: 'up' }], tookMs: 3 };

describe('collectStates', () => {
  it('tells how each service is, in order', async () => {
    const parts = [
      { name: 'table', state: 'starting' },
      { name: 'worker', state: 'down', reason: 'broker gone' },
      { name: 'other', state: 'up' },
    ];
    const answers: Record<string, Answer> = {
      ingress: { kind: 'answered', ready: false, parts, tookMs: 5 },
      fanout: { kind: 'no-answer', reason: 'no answer within 1000 ms' },
    };
    const ask: AskService = async ({ name }) => answers[name] ?? up;
    const collect = createCollectStates({ services, ask, clock: fakeClock(), freshMs: 1000 });
    const troubles = ['table: starting', 'worker: down (broker gone)'];
    expect(await collect()).toEqual([
      { name: 'ingress', url: 'http://a', state: 'not-ready', tookMs: 5, troubles, parts },
      {
        name: 'fanout',
        url: 'http://b',
        state: 'unreachable',
        tookMs: null,
        troubles: ['no answer within 1000 ms'],
        parts: [],
      },
    ]);
  });

  it('asks once for all who come while the answers are awaited or fresh', async () => {
    const clock = fakeClock();
    const ask = vi.fn<AskService>(async () => up);
    const collect = createCollectStates({ services, ask, clock, freshMs: 1000 });
    await Promise.all([collect(), collect(), collect()]);
    await clock.advance(999);
    await collect();
    expect(ask).toHaveBeenCalledTimes(2);
    await clock.advance(1);
    await collect();
    expect(ask).toHaveBeenCalledTimes(4);
  });

  it('asks again after it could not collect', async () => {
    const clock = fakeClock();
    const ask = vi.fn<AskService>(async () => up);
    ask.mockRejectedValueOnce(new Error('unexpected'));
    const collect = createCollectStates({ services, ask, clock, freshMs: 0 });
    await expect(collect()).rejects.toThrow('unexpected');
    expect(await collect()).toHaveLength(2);
  });
});

import { describe, expect, it } from 'vitest';
import { Health } from './index.ts';
import { fakeClock } from './testing.ts';

describe('Health', () => {
  it('is ready when every part is up', () => {
    const health = new Health(fakeClock());
    expect(health.report()).toEqual({ ready: true, live: true, parts: [] });
    const [a, b] = [health.register('a'), health.register('b')];
    a.up();
    expect(health.report()).toMatchObject({
      ready: false,
      parts: [{ state: 'up' }, { name: 'b', state: 'starting' }],
    });
    b.up();
    expect(health.report().ready).toBe(true);
  });

  it('reports why a part is down until it is up again', () => {
    const health = new Health(fakeClock());
    const part = health.register('a');
    part.down('broker gone');
    expect(health.report().parts).toEqual([{ name: 'a', state: 'down', reason: 'broker gone' }]);
    part.up();
    expect(health.report().parts).toEqual([{ name: 'a', state: 'up' }]);
  });

  it('adds the figures of a part that describes itself, in every state', () => {
    const health = new Health(fakeClock());
    const part = health.register('a');
    let lag = 0;
    part.describe(() => ({ lag }));
    part.up();
    lag = 7;
    expect(health.report().parts).toEqual([{ name: 'a', state: 'up', detail: { lag: 7 } }]);
    part.down('gone');
    expect(health.report().parts).toEqual([{ name: 'a', state: 'down', reason: 'gone', detail: { lag: 7 } }]);
  });

  it('reports a worker without recent progress as stalled, until it progresses', async () => {
    const clock = fakeClock();
    const health = new Health(clock);
    const part = health.register('worker', { maxSilenceMs: 1000 });
    part.up();
    await clock.advance(1000);
    expect(health.report().ready).toBe(true);
    await clock.advance(1);
    const reason = 'no progress for 1001 ms, at most 1000 ms expected';
    expect(health.report()).toEqual({
      ready: false,
      live: true,
      parts: [{ name: 'worker', state: 'stalled', reason }],
    });
    part.progress();
    expect(health.report().ready).toBe(true);
  });

  it('stays down through progress: only up() ends it', () => {
    const health = new Health(fakeClock());
    const part = health.register('a');
    part.down('no');
    part.progress();
    expect(health.report().ready).toBe(false);
  });

  it('requires a restart only beyond the bound of a part', async () => {
    const clock = fakeClock();
    const health = new Health(clock);
    health.register('patient', { maxSilenceMs: 10 }).up();
    await clock.advance(1_000_000);
    expect(health.report().live).toBe(true);
    const part = health.register('worker', { deadAfterMs: 5000 });
    await clock.advance(5001);
    expect(health.report().live).toBe(false);
    part.progress();
    expect(health.report().live).toBe(true);
  });

  it('replaces a part of the same name and removes one, but not its successor', () => {
    const health = new Health(fakeClock());
    const old = health.register('a');
    health.register('a').up();
    old.down('old news');
    old.remove();
    expect(health.report().parts).toEqual([{ name: 'a', state: 'up' }]);
    health.register('b').remove();
    expect(health.report().ready).toBe(true);
  });

  it('is not ready while stopping, whatever the state of its parts', () => {
    const health = new Health(fakeClock());
    health.register('a').up();
    health.drain();
    expect(health.report()).toMatchObject({ ready: false, live: true });
    expect(health.report().parts[1]).toEqual({ name: 'process', state: 'down', reason: 'stopping' });
  });
});

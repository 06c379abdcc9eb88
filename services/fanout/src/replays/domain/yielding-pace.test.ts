import { describe, expect, it } from 'vitest';
import { randomNumbers } from '../../../test/random-numbers.ts';
import { YieldingPace } from './yielding-pace.ts';

/** Ages of live events in milliseconds by the number of commands that the replay sent in the second before. */
type Ages = (replayedPerSecond: number, nowMs: number) => number;
/** Milliseconds by which the clock that measures an age is ahead of the one that accepted its event. */
type Ahead = number | ((acceptedMs: number, notedMs: number) => number);
type Live = Readonly<{ ages: Ages; everyMs: number; aheadMs?: Ahead }>;

const seconds = (count: number): number => count * 1_000;

/**
 * Sends as fast as the pace allows while live events arrive, and returns how many commands were sent in each second.
 * An event is noted when it is as old as `ages` says, so it may end in another phase than the one in which it began.
 */
const replay = (
  pace: YieldingPace,
  { forMs, fromMs = 0, live }: Readonly<{ forMs: number; fromMs?: number; live?: Live }>,
): number[] => {
  const sent: number[] = [];
  const recent: number[] = [];
  const noted = new Map<number, number[]>();
  const aheadOf = (acceptedMs: number, notedMs: number): number =>
    typeof live?.aheadMs === 'function' ? live.aheadMs(acceptedMs, notedMs) : (live?.aheadMs ?? 0);
  for (let nowMs = fromMs; nowMs < fromMs + forMs; nowMs += 1) {
    while ((recent[0] ?? Infinity) < nowMs - 1_000) recent.shift();
    if (pace.delayMs(nowMs) <= 0) {
      pace.take(nowMs);
      recent.push(nowMs);
      const second = Math.floor((nowMs - fromMs) / 1_000);
      sent[second] = (sent[second] ?? 0) + 1;
    }
    if (live !== undefined && nowMs % live.everyMs === 0) {
      // Delays are over as soon as nothing is sent any more.
      const isSending = recent.some((sentMs) => sentMs > nowMs - 100);
      const ageMs = Math.round(live.ages(isSending ? pace.perSecond : 0, nowMs));
      noted.set(nowMs + ageMs, [...(noted.get(nowMs + ageMs) ?? []), ageMs]);
    }
    for (const ageMs of noted.get(nowMs) ?? []) pace.note(ageMs + aheadOf(nowMs - ageMs, nowMs), nowMs);
    noted.delete(nowMs);
  }
  return Array.from({ length: Math.ceil(forMs / 1_000) }, (_, second) => sent[second] ?? 0);
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
/** Ages between 4 and 20 ms that repeat, so that quantiles of a few dozen are alike. */
const varied = (nowMs: number): number => 4 + ((nowMs / 5) % 9) * 2;

describe('the pace of replays', () => {
  it('begins low, and rises to the maximum without pauses where there are no live events', () => {
    const sent = replay(new YieldingPace(400), { forMs: seconds(80) });
    expect(sent[0]).toBeLessThan(150);
    expect(sum(sent.slice(-10))).toBeGreaterThanOrEqual(3_900);
    expect(Math.max(...sent)).toBeLessThanOrEqual(450);
  });

  it('rises to the maximum beside live events that it does not delay, however busy the machine is', () => {
    for (const load of [1, 30]) {
      const pace = new YieldingPace(400);
      const live = { everyMs: 5, ages: (_: number, nowMs: number) => varied(nowMs) * load };
      const sent = replay(pace, { forMs: seconds(120), live });
      expect(pace.perSecond).toBe(400);
      // It pauses for a sixth of the time.
      expect(sum(sent.slice(-20))).toBeGreaterThan(0.8 * 400 * 20);
    }
  });

  it('rises beside live events whose ages vary by chance', () => {
    const rates = [7, 8, 9, 10, 11, 12].map((seed) => {
      // Half a second in which all take up to five times as long, now and then.
      const random = randomNumbers(seed);
      const slowness = Array.from({ length: 1_000 }, () => (random() < 0.3 ? 1 + 4 * random() : 1));
      const live = {
        everyMs: 5,
        ages: (_: number, nowMs: number) => varied(nowMs) * (slowness[Math.floor(nowMs / 500)] ?? 1),
      };
      return sum(replay(new YieldingPace(400), { forMs: seconds(240), live }).slice(120)) / 120;
    });
    expect(sum(rates) / rates.length).toBeGreaterThan(180);
  });

  it('settles at the rate at which live events take a little longer', () => {
    const pace = new YieldingPace(400);
    // At 150 a second the ages are 1.5 times what they are without.
    const live = {
      everyMs: 5,
      ages: (rate: number, nowMs: number) => varied(nowMs) * (1 + (0.5 * rate) / 150),
    };
    const sent = replay(pace, { forMs: seconds(180), live }).slice(60);
    expect(sum(sent) / 120).toBeGreaterThan(20);
    expect(sum(sent) / 120).toBeLessThan(150);
  });

  it('keeps a tenth where it delays live events at any rate', () => {
    const pace = new YieldingPace(400);
    const live = {
      everyMs: 5,
      ages: (rate: number, nowMs: number) => varied(nowMs) + (rate > 0 ? 100 : 0),
    };
    replay(pace, { forMs: seconds(120), live });
    expect(pace.perSecond).toBe(40);
  });

  it.each([-10_000, 10_000])('is not misled by the clock of another machine: %i ms', (aheadMs) => {
    const harmful = {
      everyMs: 5,
      aheadMs,
      ages: (rate: number, nowMs: number) => varied(nowMs) + (rate > 0 ? 100 : 0),
    };
    const harmless = { everyMs: 5, aheadMs, ages: (_: number, nowMs: number) => varied(nowMs) };
    const [slow, fast] = [new YieldingPace(400), new YieldingPace(400)];
    replay(slow, { forMs: seconds(120), live: harmful });
    replay(fast, { forMs: seconds(120), live: harmless });
    expect([slow.perSecond, fast.perSecond]).toEqual([40, 400]);
  });

  const harmless: Ages = (_, nowMs) => varied(nowMs);
  const harmful: Ages = (rate, nowMs) => varied(nowMs) + (rate > 0 ? 100 : 0);
  const clocks: Readonly<Record<string, Ahead>> = {
    'is set forward by 400 ms': (acceptedMs) => (acceptedMs > seconds(200) ? 400 : 0),
    'is set back by 400 ms': (acceptedMs) => (acceptedMs > seconds(200) ? -400 : 0),
    'is 400 ms behind for a second': (acceptedMs) =>
      acceptedMs > seconds(200) && acceptedMs < seconds(201) ? -400 : 0,
    'of one of two producers is 700 ms behind': (acceptedMs) => (acceptedMs % 10 === 0 ? 700 : 0),
    'of one of ten producers is 700 ms ahead': (acceptedMs) => (acceptedMs % 50 === 0 ? -700 : 0),
  };

  it.each(Object.entries(clocks))('sends four fifths of what it would where a clock %s', (_, aheadMs) => {
    const tenMinutes = (ahead: Ahead) =>
      sum(
        replay(new YieldingPace(400), {
          forMs: seconds(600),
          live: { everyMs: 5, ages: harmless, aheadMs: ahead },
        }),
      );
    expect(tenMinutes(aheadMs)).toBeGreaterThan(0.8 * tenMinutes(0));
  });

  it.each(Object.entries(clocks))('is at the maximum two minutes after a clock %s', (_, aheadMs) => {
    const pace = new YieldingPace(400);
    replay(pace, { forMs: seconds(321), live: { everyMs: 5, ages: harmless, aheadMs } });
    expect(pace.perSecond).toBe(400);
  });

  it.each(Object.entries(clocks))('yields to what it delays although a clock %s', (_, aheadMs) => {
    const pace = new YieldingPace(400);
    replay(pace, { forMs: seconds(600), live: { everyMs: 5, ages: harmful, aheadMs } });
    expect(pace.perSecond).toBeLessThan(100);
  });

  it('compares several pauses where live events are few', () => {
    const pace = new YieldingPace(400);
    // 5 a second, so 2 or 3 in each pause.
    const live = { everyMs: 200, ages: (rate: number, nowMs: number) => varied(nowMs) + rate };
    replay(pace, { forMs: seconds(300), live });
    expect(pace.perSecond).toBeLessThan(100);
  });

  it('falls to the least at once where live events wait for longer than a pause lasts', () => {
    const pace = new YieldingPace(400);
    replay(pace, { forMs: seconds(80) });
    // As old in pauses as between them: what waits does not go away in half a second.
    const live = {
      everyMs: 5,
      ages: (_: number, nowMs: number) => varied(nowMs) + (nowMs > seconds(82) ? 800 : 0),
    };
    replay(pace, { forMs: seconds(5), fromMs: seconds(80), live });
    expect(pace.perSecond).toBe(40);
    const gone = { everyMs: 5, ages: (_: number, nowMs: number) => varied(nowMs) };
    replay(pace, { forMs: seconds(80), fromMs: seconds(85), live: gone });
    expect(pace.perSecond).toBe(400);
  });

  it('begins anew after a time without replays', () => {
    const pace = new YieldingPace(400);
    replay(pace, { forMs: seconds(70) });
    expect(pace.perSecond).toBe(400);
    // A replay that is resumed soon goes on at its rate.
    pace.delayMs(seconds(100));
    expect(pace.perSecond).toBe(400);
    pace.delayMs(seconds(170));
    expect(pace.perSecond).toBe(100);
  });
});

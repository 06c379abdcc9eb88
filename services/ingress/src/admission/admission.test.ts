import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { describe, expect, it } from 'vitest';
import { Admission, type Arrival, leastLimit, type Permit, type Refusal } from './admission.ts';

const kibibyte = 1_024;
// The limit that adapts can only be the least: 64.
const limits = { requests: 2 * leastLimit, bytes: 48 * 1_024 * kibibyte, targetMs: 50 };

function open(requests = limits.requests, clock: FakeClock = fakeClock()) {
  const admission = new Admission({ limits: { ...limits, requests }, clock, random: () => 0.5 });
  const take = (sender: string, over: Partial<Arrival> = {}): Permit | Refusal =>
    admission.take({ sender, bytes: 100, isLast: false, ...over });
  const fill = (sender: string, count: number, over: Partial<Arrival> = {}): Permit[] =>
    Array.from({ length: count }, () => {
      const taken = take(sender, over);
      if ('scope' in taken) throw new Error(`refused: ${JSON.stringify(taken)}`);
      return taken;
    });
  return { admission, take, fill, clock };
}

const all = { scope: 'all', limit: 'requests' };
const own = { scope: 'sender', limit: 'requests' };

describe('a sender alone', () => {
  it('has all of the limit, and is told that all is full beyond it', () => {
    const { take, fill } = open();
    fill('a', leastLimit);
    expect(take('a')).toEqual({ ...all, held: 64, allowed: 64, retryAfterMs: 2_000 });
  });

  it('gets room again when a request ends, once', () => {
    const { admission, take, fill } = open();
    const [first] = fill('a', leastLimit);
    first?.end(false);
    first?.end(false);
    expect(admission.held).toEqual({ requests: 63, bytes: 6_300 });
    fill('a', 1);
    expect(take('a')).toMatchObject(all);
  });

  it('counts once more for each 64 KiB of a body', () => {
    const { admission, take, fill } = open();
    fill('a', 1, { bytes: 64 * kibibyte });
    expect(admission.held).toEqual({ requests: 2, bytes: 65_536 });
    fill('a', 62, { bytes: 64 * kibibyte - 1 });
    expect(take('a')).toMatchObject(all);
  });

  it('may have a third of the bytes', () => {
    const { take, fill } = open(2_000);
    fill('a', 4, { bytes: 4 * 1_024 * kibibyte });
    const third = 16 * 1_024 * kibibyte;
    expect(take('a', { bytes: 1 })).toMatchObject({
      scope: 'sender',
      limit: 'bytes',
      held: third,
      allowed: third,
    });
  });
});

describe('a sender beside one that has everything', () => {
  it('is admitted up to its share, while the other one is over its own', () => {
    const { take, fill } = open();
    fill('noisy', leastLimit);
    fill('quiet', 32);
    expect(take('noisy')).toMatchObject({ ...own, held: 64, allowed: 32 });
    expect(take('quiet')).toMatchObject(all);
    fill('third', 21);
    expect(take('third')).toMatchObject(all);
  });

  it('is not refused for the other one, which is refused for itself, also while the quiet one has nothing in progress', () => {
    const { take, fill } = open();
    fill('noisy', leastLimit);
    for (let at = 0; at < 10; at += 1) {
      const [permit] = fill('quiet', 1);
      permit?.end(false);
      expect(take('noisy')).toMatchObject({ ...own, held: 64, allowed: 32 });
    }
  });

  it('is no other one after 10 s', async () => {
    const { take, fill, clock } = open();
    fill('quiet', 1)[0]?.end(false);
    fill('noisy', leastLimit);
    await clock.advance(10_000);
    expect(take('noisy')).toMatchObject(own);
    await clock.advance(1);
    expect(take('noisy')).toMatchObject(all);
  });

  it('gets its share of the bytes', () => {
    const { take, fill } = open(2_000);
    const bytes = 4 * 1_024 * kibibyte;
    for (const sender of ['a', 'b', 'c']) fill(sender, 4, { bytes });
    expect(take('d', { bytes: 1 })).toMatchObject({ scope: 'all', limit: 'bytes' });
  });
});

it('more senders than the limit do not get one request each beyond it', () => {
  const { take, fill } = open();
  for (let at = 0; at < leastLimit; at += 1) fill(`sender ${at}`, 1);
  expect(take('another')).toMatchObject(all);
});

describe('what is refused last', () => {
  it('is admitted beyond the limit, up to a quarter of all for one sender', () => {
    const { take, fill } = open();
    fill('a', leastLimit);
    fill('spooling', 32, { isLast: true });
    expect(take('spooling', { isLast: true })).toMatchObject({ ...own, held: 32, allowed: 32 });
    // The others keep their share.
    fill('b', 21);
  });

  it('is refused as everything is once all is full, by the head of the request alone', () => {
    const { admission, take, fill } = open();
    for (const sender of ['a', 'b', 'c', 'd']) {
      expect(admission.refuseAll()).toBeNull();
      fill(sender, 32, { isLast: true });
    }
    expect(take('e', { isLast: true })).toMatchObject({ ...all, held: 128, allowed: 128 });
    expect(admission.refuseAll()).toMatchObject({ ...all, held: 128, allowed: 128 });
  });
});

describe('the wait of a request', () => {
  it('begins with the arrival of its body in the socket, and is null for one whose body did not come', async () => {
    const { fill, clock } = open();
    const [first, second] = fill('a', 2);
    await clock.advanceBusy(30);
    first?.begin();
    await clock.advance(12);
    expect([first?.end(true), second?.end(true)]).toEqual([42, null]);
  });

  it('is 1 to 3 s after a refusal', () => {
    const clock = fakeClock();
    const waits = [0, 0.34, 0.67, 0.999].map((random) => {
      const admission = new Admission({ limits: { ...limits, requests: 0 }, clock, random: () => random });
      const refusal = admission.refuseAll();
      return refusal?.retryAfterMs;
    });
    expect(waits).toEqual([1_000, 2_000, 3_000, 3_000]);
  });
});

it('the limit follows the waits, those of large requests by their size', async () => {
  const clock = fakeClock();
  const admission = new Admission({ limits: { ...limits, requests: 2_000 }, clock });
  const answer = async (bytes: number): Promise<number> => {
    for (let window = 0; window < 2; window += 1) {
      const permits = Array.from({ length: 20 }, () => admission.take({ sender: 'a', bytes, isLast: false }));
      for (const permit of permits) if ('begin' in permit) permit.begin();
      await clock.advance(100);
      for (const permit of permits) {
        if ('end' in permit) permit.end(true);
        await clock.advance(10);
      }
    }
    return admission.limit;
  };
  expect(await answer(512 * kibibyte)).toBe(1_000);
  expect(await answer(1)).toBeLessThan(1_000);
});

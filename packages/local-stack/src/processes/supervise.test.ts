import { fakeClock } from '@tidings/runtime/testing';
import { expect, test } from 'vitest';

import type { ProcessEnd } from './managed-process.ts';
import { supervise } from './supervise.ts';

/** Returns a part whose process ends when the test requests it. */
function fakePart() {
  let end: (how: ProcessEnd) => void = () => {};
  let ended = new Promise<ProcessEnd>((resolve) => {
    end = resolve;
  });
  const log = { spawns: 0, failNextSpawn: false };
  return {
    log,
    die: (how: Partial<ProcessEnd> = { signal: 'SIGKILL' }) => end({ code: null, signal: null, ...how }),
    part: {
      name: 'delivery',
      ended: () => ended,
      restarting: null as Promise<void> | null,
      spawn: async () => {
        log.spawns += 1;
        if (log.failNextSpawn) throw new Error('no memory');
        ended = new Promise<ProcessEnd>((resolve) => {
          end = resolve;
        });
      },
    },
  };
}

function given(overrides: { restarts?: boolean } = {}) {
  const clock = fakeClock();
  const fake = fakePart();
  const lines: string[] = [];
  let stopping = false;
  const watched = supervise({
    part: fake.part,
    clock,
    isStopping: () => stopping,
    print: (line) => lines.push(line),
    restarts: true,
    adviceWhenLeft: 'Start with --restart-brokers.',
    ...overrides,
  });
  return { clock, fake, lines, watched, stop: () => (stopping = true) };
}

test('a part that ends is restarted after 250 ms, doubling to 4 s, each time with a log line', async () => {
  const { clock, fake, lines } = given();
  const waits = [250, 500, 1000, 2000, 4000, 4000];
  for (const [index, waitMs] of waits.entries()) {
    fake.die();
    await clock.advance(waitMs - 1);
    expect(fake.log.spawns).toBe(index);
    await clock.advance(1);
    expect(fake.log.spawns).toBe(index + 1);
  }
  expect(lines).toEqual(waits.map((ms) => `delivery exited (SIGKILL); restarting in ${ms} ms`));
});

test('the wait is 250 ms again once a part was up for 30 s', async () => {
  const { clock, fake, lines } = given();
  fake.die();
  await clock.advance(250);
  await clock.advance(30_000);
  fake.die({ code: 1 });
  await clock.advance(250);
  expect(fake.log.spawns).toBe(2);
  expect(lines.at(-1)).toBe('delivery exited (exit code 1); restarting in 250 ms');
});

test('a failed start is retried', async () => {
  const { clock, fake, lines } = given();
  fake.log.failNextSpawn = true;
  fake.die();
  await clock.advance(250);
  fake.log.failNextSpawn = false;
  await clock.advance(500);
  expect(fake.log.spawns).toBe(2);
  expect(lines).toContain('no memory');
});

test('a part that ends while the stack stops, or just before, is not restarted', async () => {
  const first = given();
  first.stop();
  first.fake.die();
  await first.watched;
  expect([first.fake.log.spawns, first.lines]).toEqual([0, []]);

  const second = given();
  second.fake.die();
  await second.clock.advance(100);
  second.stop();
  await second.clock.advance(1_000);
  await second.watched;
  expect(second.fake.log.spawns).toBe(0);
});

test('a part without restarts is reported in one line with a remedy', async () => {
  const { fake, lines, watched } = given({ restarts: false });
  fake.die();
  await watched;
  expect(lines).toEqual(['delivery exited (SIGKILL) and is not restarted. Start with --restart-brokers.']);
});

test('a requested restart is not reported as a failure, and the new process is watched', async () => {
  const { clock, fake, lines } = given();
  let finish: () => void = () => {};
  fake.part.restarting = new Promise<void>((resolve) => {
    finish = resolve;
  });
  fake.die({ signal: 'SIGTERM' });
  await clock.advance(10_000);
  await fake.part.spawn();
  fake.part.restarting = null;
  finish();
  await clock.advance(10_000);
  expect([lines, fake.log.spawns]).toEqual([[], 1]);
  fake.die();
  await clock.advance(250);
  expect([lines, fake.log.spawns]).toEqual([['delivery exited (SIGKILL); restarting in 250 ms'], 2]);
});

import { runId } from '@tidings/contracts';
import { fakeClock } from '@tidings/runtime/testing';
import { expect, it } from 'vitest';
import { DueRuns } from './due-runs.ts';
import { RunEntry } from './run-entry.ts';
import { StateMemory } from './state-memory.ts';

const day = 24 * 3_600_000;

const open = () => {
  const clock = fakeClock();
  const fired: string[] = [];
  const due = new DueRuns(clock, (entry) => void fired.push(entry.runId));
  const memory = new StateMemory(0);
  const entryOf = (n: number): RunEntry => {
    const place = { orderingKey: null, offset: 0, startedAtMs: 0, retriedAtMs: null };
    const times = { waitingUntilMs: null, endedAtMs: null };
    const id = { runId: runId(`run_${n}`), handler: 'h', epoch: 1, sequence: 2, status: 'waiting' } as const;
    return new RunEntry({ ...id, ...place, ...times }, memory);
  };
  return { clock, due, fired, entryOf };
};

it('keeps little of runs that do not wait any more, however far their times are', async () => {
  const { clock, due, fired, entryOf } = open();
  const kept = entryOf(0);
  due.add(kept, clock.nowMs() + day);
  for (let n = 1; n <= 20_000; n += 1) {
    const entry = entryOf(n);
    due.add(entry, clock.nowMs() + 365 * day);
    due.remove(entry);
    // Its time is replaced each time.
    due.add(kept, clock.nowMs() + day + n);
  }
  expect(due.size).toBeLessThan(3_000);
  await clock.advance(2 * day);
  expect(fired).toEqual(['run_0']);
  await clock.advance(365 * day);
  expect(fired).toEqual(['run_0']);
});

it('looks at each run once, at its last time', async () => {
  const { clock, due, fired, entryOf } = open();
  const [a, b] = [entryOf(1), entryOf(2)] as const;
  const nowMs = clock.nowMs();
  due.add(a, nowMs + 2_000);
  due.add(b, nowMs + 3_000);
  due.add(a, nowMs + 5_000);
  due.add(a, nowMs + 2_000);
  await clock.advance(10_000);
  expect(fired).toEqual(['run_1', 'run_2']);
});

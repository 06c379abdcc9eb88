import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { QueueByKey } from './queue-by-key.ts';
import { ResumePoint } from './resume-point.ts';

const aGate = () => {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open: () => open(), opened };
};

it('runs tasks of one key in order, others side by side, within its concurrency', async () => {
  const queue = new QueueByKey({ concurrency: 2, maxWaiting: 10 });
  const gates = [aGate(), aGate(), aGate(), aGate()];
  const begun: number[] = [];
  for (const [n, key] of ['a', 'a', 'b', 'c'].entries()) {
    await queue.add(key, async () => {
      begun.push(n);
      await gates[n]?.opened;
    });
  }
  await turn();
  expect(begun).toEqual([0, 2]);
  gates[2]?.open();
  await turn();
  expect(begun).toEqual([0, 2, 3]);
  gates[0]?.open();
  await turn();
  expect(begun).toEqual([0, 2, 3, 1]);
  for (const gate of gates) gate.open();
  await queue.idle();
});

it('has no room for more than it may run and hold', async () => {
  const queue = new QueueByKey({ concurrency: 1, maxWaiting: 1 });
  const gate = aGate();
  let isRoom = false;
  await queue.add('a', async () => gate.opened);
  const added = queue
    .add('a', async () => gate.opened)
    .then(() => {
      isRoom = true;
    });
  await turn();
  expect(isRoom).toBe(false);
  gate.open();
  await added;
  await queue.idle();
  expect(isRoom).toBe(true);
});

it('resumes after the last message before which none is open', () => {
  const point = new ResumePoint();
  const [one, two, three] = ['1', '2', '3'].map((id) => point.begin(id));
  two?.();
  expect(point.id).toBeUndefined();
  one?.();
  expect(point.id).toBe('2');
  three?.();
  expect(point.id).toBe('3');
});

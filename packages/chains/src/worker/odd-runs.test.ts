import { expect, it } from 'vitest';
import { chain } from '../handlers/chain.ts';
import { RetryAfterError } from '../handlers/errors.ts';
import { cancel, retry, runOf } from '../test/commands.ts';
import { World } from '../test/world.ts';

const second = 1_000;

it('a run that became too large is not retried: its results are gone', async () => {
  const world = new World();
  const names = Array.from({ length: 18 }, (_, n) => `s${n}`);
  const inputs: unknown[] = [];
  await world.start({
    handlers: (step) => [
      {
        pattern: 'a',
        node: chain(
          names.map((name) =>
            step(name, (input) => {
              inputs.push(input);
              return 'x'.repeat(65_000);
            }),
          ),
        ),
      },
    ],
  });
  const id = await world.publish('a', {});
  await world.clock.advance(second);
  expect(runOf(world, id)).toMatchObject({ status: 'failed', failure: { reason: 'state-too-large' } });
  await retry(world, runOf(world, id));
  await world.clock.advance(second);
  expect(runOf(world, id)).toMatchObject({ status: 'failed', retries: 0 });
  expect(inputs).not.toContain(null);
});

it.each([
  ['an object without a prototype', Object.create(null) as object],
  ['an error whose message is no text', Object.assign(new Error('x'), { message: { code: 1 } })],
  ['nothing', undefined],
])('a step that throws %s fails', async (_what, thrown) => {
  const world = new World();
  await world.start({
    handlers: (step) => [
      {
        pattern: 'a',
        node: step(
          'odd',
          () => {
            throw thrown as Error;
          },
          { tries: 1 },
        ),
      },
    ],
  });
  const id = await world.publish('a', {});
  await world.clock.advance(second);
  expect(runOf(world, id)).toMatchObject({ status: 'failed', failure: { step: 'odd' } });
});

it('a step that asks for a wait beyond all time waits at most a year', async () => {
  const world = new World();
  await world.start({
    handlers: (step) => [
      {
        pattern: 'a',
        node: step('later', () => {
          throw new RetryAfterError('never', 1e300);
        }),
      },
    ],
  });
  const id = await world.publish('a', {});
  await world.clock.advance(second);
  const { waitingUntilMs } = runOf(world, id);
  const yearMs = 365 * 24 * 3_600 * second;
  expect((waitingUntilMs ?? 0) - world.clock.nowMs()).toBeLessThanOrEqual(yearMs);
});

it('a cancelled attempt that ignores its signal holds no place of its handler', async () => {
  const world = new World();
  await world.start({
    handlers: (step) => [
      {
        pattern: 'a',
        node: step(
          'work',
          async (input) => {
            if (input === 'hang') await new Promise(() => {});
          },
          { timeout: 86_400 },
        ),
        options: { concurrency: 1 },
      },
    ],
  });
  const hanging = await world.publish('a', 'hang');
  const other = await world.publish('a', 'quick');
  await world.clock.advance(second);
  expect(runOf(world, other).status).toBe('running');
  await cancel(world, runOf(world, hanging));
  await world.clock.advance(second);
  expect([runOf(world, hanging).status, runOf(world, other).status]).toEqual(['cancelled', 'completed']);
});

it('a worker that stops while the brokers are away waits for its drain time, and ends', async () => {
  const world = new World();
  let delayMs = 0;
  const { worker } = await world.start({
    delayMs: () => delayMs,
    handlers: (step) => [{ pattern: 'a', node: step('work') }],
    options: { drain: 10 },
  });
  delayMs = 24 * 3_600 * second;
  await world.publish('a', {});
  await world.clock.advance(second);
  let isClosed = false;
  void worker.close().then(() => (isClosed = true));
  await world.clock.advance(30 * second);
  expect(isClosed).toBe(true);
});

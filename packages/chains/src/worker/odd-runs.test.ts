import { appTopics, encodeRunCommand, type RunCommand, type RunRecorded } from '@tidings/contracts';
import { sleep } from '@tidings/runtime';
import { expect, it } from 'vitest';
import { chain } from '../handlers/chain.ts';
import { RetryAfterError } from '../handlers/errors.ts';
import { app, World } from '../test/world.ts';

const second = 1_000;

const send = async (world: World, wanted: RunCommand, run: RunRecorded): Promise<void> => {
  const producer = await world.bus.producer();
  const topic = appTopics(app).commands;
  await producer.publish({ topic, partition: run.event.partition, ...encodeRunCommand(wanted) });
};

const retry = async (world: World, run: RunRecorded): Promise<void> => {
  const { runId, sequence } = run;
  await send(world, { type: 'RunRetryRequested.v1', runId, sequence, by: 'key_1', atMs: 1 }, run);
};

const cancel = async (world: World, run: RunRecorded): Promise<void> => {
  const { runId } = run;
  await send(world, { type: 'RunCancelRequested.v1', runId, by: 'key_1', reason: null, atMs: 1 }, run);
};

const runOf = (world: World, id: string): RunRecorded => {
  const found = world.runs().find(({ event }) => event.id === id);
  if (found === undefined) throw new Error(`no run of ${id}`);
  return found;
};

it('a retried run is carried out though the run in front of it ends while the retry is written', async () => {
  const world = new World();
  let isBroken = true;
  let end: () => void = () => {};
  await world.start({
    delayMs: () => 2 * second,
    handlers: (step) => [
      {
        pattern: 'a',
        node: step(
          'work',
          async (input) => {
            if (input === 'bad' && isBroken) throw new Error('broken');
            if (input === 'slow') await new Promise<void>((resolve) => (end = resolve));
          },
          { tries: 1 },
        ),
        options: { orderBy: 'orderingKey' },
      },
    ],
  });
  await world.clock.advance(20 * second);
  const bad = await world.publish('a', 'bad', { key: 'k' });
  const slow = await world.publish('a', 'slow', { key: 'k' });
  await world.clock.advance(20 * second);
  expect(runOf(world, bad).status).toBe('failed');
  expect(runOf(world, slow).status).toBe('running');
  isBroken = false;
  end();
  await world.clock.advance(second);
  await retry(world, runOf(world, bad));
  await world.clock.advance(60 * second);
  expect([runOf(world, slow).status, runOf(world, bad).status]).toEqual(['completed', 'completed']);
});

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

it('the run under way of an ordering key goes on first after a takeover, also in front of a retried one', async () => {
  const world = new World();
  let isBroken = true;
  const life = {
    handlers: (step: Parameters<Parameters<World['start']>[0]['handlers']>[0]) => [
      {
        pattern: 'a',
        node: chain([
          step('one', (input) => input, { tries: 1 }),
          step(
            'two',
            (input) => {
              if (isBroken || input === 'wait') throw new Error('broken');
            },
            { tries: 2, backoff: [60] },
          ),
        ]),
        options: { orderBy: 'orderingKey' } as const,
      },
    ],
  };
  const first = await world.start(life);
  const early = await world.publish('a', 'early', { key: 'k' });
  await world.clock.advance(62 * second);
  expect(runOf(world, early).status).toBe('failed');
  const later = await world.publish('a', 'wait', { key: 'k' });
  await world.clock.advance(second);
  expect(runOf(world, later).status).toBe('waiting');
  isBroken = false;
  await retry(world, runOf(world, early));
  await world.clock.advance(second);
  await first.worker.close();
  await world.remove(first);
  const from = world.calls.length;
  await world.start(life);
  await world.clock.advance(200 * second);
  expect(world.calls.slice(from).map(({ runId }) => runId)).toEqual([
    runOf(world, later).runId,
    runOf(world, early).runId,
  ]);
});

it('retried runs of an ordering key go on in the order of the retries after a takeover', async () => {
  const world = new World();
  let isBroken = true;
  const life = {
    handlers: (step: Parameters<Parameters<World['start']>[0]['handlers']>[0]) => [
      {
        pattern: 'a',
        node: step(
          'work',
          async (input) => {
            if (input === 'slow') await sleep(world.clock, 60 * second);
            else if (isBroken) throw new Error('broken');
          },
          { tries: 1, timeout: 600 },
        ),
        options: { orderBy: 'orderingKey' } as const,
      },
    ],
  };
  const first = await world.start(life);
  const ids: string[] = [];
  for (const data of ['one', 'two', 'three', 'slow']) ids.push(await world.publish('a', data, { key: 'k' }));
  await world.clock.advance(second);
  isBroken = false;
  for (const at of [2, 0, 1]) {
    await retry(world, runOf(world, ids[at] ?? ''));
    await world.clock.advance(second);
  }
  first.process.kill();
  await world.remove(first);
  const from = world.calls.length;
  await world.start(life);
  await world.clock.advance(200 * second);
  const order = world.calls.slice(from).map(({ runId }) => ids.indexOf(world.run(runId)?.event.id ?? ''));
  expect(order).toEqual([3, 2, 0, 1]);
});

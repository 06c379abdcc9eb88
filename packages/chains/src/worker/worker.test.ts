import { appTopics, encodeRunCommand, type RunCommand, type RunRecorded } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { batch, chain } from '../handlers/chain.ts';
import { NonRetriableError, RetryAfterError } from '../handlers/errors.ts';
import { app, type DefineStep, World } from '../test/world.ts';

const second = 1_000;

const fails = (message = 'no'): never => {
  throw new Error(message);
};

const onlyRun = (world: World): RunRecorded => {
  const [run, ...others] = world.runs();
  if (run === undefined || others.length > 0) throw new Error(`${others.length + 1} runs`);
  return run;
};

const command = async (world: World, wanted: RunCommand, run: RunRecorded): Promise<void> => {
  const producer = await world.bus.producer();
  const topic = appTopics(app).commands;
  await producer.publish({ topic, partition: run.event.partition, ...encodeRunCommand(wanted) });
};

describe('a run', () => {
  it('carries out a chain in order, and gives each step the result of the one before', async () => {
    const world = new World();
    const inputs: unknown[] = [];
    const keep = (result: unknown) => (input: unknown) => {
      inputs.push(input);
      return result;
    };
    await world.start({
      handlers: (step) => [
        {
          pattern: 'order.paid',
          node: chain([step('a', keep({ n: 1 })), step('b', keep(undefined)), step('c', keep('end'))]),
        },
      ],
    });
    await world.publish('order.paid', { id: 7 });
    await world.publish('order.lost', { id: 8 });
    await world.clock.advance(second);
    expect(inputs).toEqual([{ id: 7 }, { n: 1 }, null]);
    const run = onlyRun(world);
    expect(run).toMatchObject({ app: 'shop', handler: 'order.paid', status: 'completed', failure: null });
    expect(run.steps.map(({ name, result, status }) => [name, status, result])).toEqual([
      ['a', 'succeeded', { n: 1 }],
      ['b', 'succeeded', null],
      ['c', 'succeeded', 'end'],
    ]);
    expect(world.calls.map(({ idempotencyKey }) => idempotencyKey)).toEqual([
      `${run.runId}/a`,
      `${run.runId}/b`,
      `${run.runId}/c`,
    ]);
  });

  it('carries out a batch beside each other, waits for all, and reports those that failed', async () => {
    const world = new World();
    let report: unknown;
    await world.start({
      handlers: (step) => [
        {
          pattern: 'order.created',
          node: chain([
            batch([step('crm'), step('warehouse', () => fails('full'), { tries: 2, backoff: [5] })], {
              allowFailures: true,
            }),
            step('report', (input) => {
              report = input;
            }),
          ]),
        },
      ],
    });
    await world.publish('order.created', {});
    await world.clock.advance(second);
    expect(world.called).toEqual(['crm', 'warehouse']);
    expect(onlyRun(world)).toMatchObject({ status: 'waiting', failure: null });
    await world.clock.advance(5 * second);
    expect(world.called).toEqual(['crm', 'warehouse', 'warehouse', 'report']);
    expect(report).toEqual([
      { status: 'succeeded', result: 'crm' },
      { status: 'failed', step: 'warehouse', error: 'full' },
    ]);
    expect(onlyRun(world)).toMatchObject({ status: 'completed', failure: null });
  });

  it('waits the times of the backoff between attempts, under one idempotency key', async () => {
    const world = new World();
    const times: number[] = [];
    const startMs = world.clock.nowMs();
    await world.start({
      handlers: (step) => [
        {
          pattern: 'order.paid',
          node: step(
            'pay',
            () => {
              times.push(Math.round((world.clock.nowMs() - startMs) / second));
              if (times.length < 4) fails();
            },
            { backoff: [30, 60], tries: 4 },
          ),
        },
      ],
    });
    await world.publish('order.paid', {});
    await world.clock.advance(200 * second);
    expect(times).toEqual([0, 30, 90, 150]);
    expect(world.calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
    expect(new Set(world.calls.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
    expect(onlyRun(world)).toMatchObject({ status: 'completed' });
  });

  it('ends an attempt at its timeout, and aborts its signal', async () => {
    const world = new World();
    let aborted: unknown;
    await world.start({
      handlers: (step) => [
        {
          pattern: 'order.paid',
          node: step(
            'slow',
            async (_input, { signal }) =>
              new Promise(() => signal.addEventListener('abort', () => (aborted = signal.reason))),
            { timeout: 2, tries: 1 },
          ),
        },
      ],
    });
    await world.publish('order.paid', {});
    await world.clock.advance(3 * second);
    expect(aborted).toEqual(new Error('no end within 2 seconds'));
    expect(onlyRun(world)).toMatchObject({
      status: 'failed',
      failure: { reason: 'step-failed', step: 'slow', message: 'no end within 2 seconds' },
      steps: [{ attempts: [{ outcome: 'timed-out', durationMs: 2_000 }] }],
    });
  });

  it('fails at once with NonRetriableError, and waits as long as RetryAfterError asks', async () => {
    const world = new World();
    await world.start({
      handlers: (step) => [
        {
          pattern: 'a',
          node: step('gone', () => {
            throw new NonRetriableError('gone');
          }),
        },
        {
          pattern: 'b',
          node: step('later', (_input, { attempt }) => {
            if (attempt === 1) throw new RetryAfterError('busy', 300);
          }),
        },
      ],
    });
    await world.publish('a', {});
    await world.publish('b', {});
    await world.clock.advance(299 * second);
    expect(world.called.toSorted()).toEqual(['gone', 'later']);
    await world.clock.advance(2 * second);
    expect(world.called.toSorted()).toEqual(['gone', 'later', 'later']);
    expect(world.runs().map(({ status }) => status)).toEqual(expect.arrayContaining(['failed', 'completed']));
  });

  it('refuses a result that is too large or not JSON', async () => {
    const world = new World();
    await world.start({
      handlers: (step) => [
        { pattern: 'a', node: step('large', () => 'x'.repeat(70_000)) },
        { pattern: 'b', node: step('big', () => 1n) },
      ],
    });
    await world.publish('a', {});
    await world.publish('b', {});
    await world.clock.advance(second);
    const messages = world.runs().map(({ failure }) => failure?.message);
    expect(messages.toSorted()).toEqual([
      "the result of 'big' is not JSON (Do not know how to serialize a BigInt): return plain data",
      "the result of 'large' takes 70002 bytes of JSON, at most 65536 are kept: return a reference",
    ]);
  });

  it('undoes what succeeded in reverse order when a chain fails, then carries out onFailure', async () => {
    const world = new World();
    const undone: unknown[] = [];
    let input: unknown;
    const undo = { compensate: (result: unknown) => void undone.push(result) };
    await world.start({
      handlers: (step) => [
        {
          pattern: 'order.paid',
          node: chain(
            [
              step('reserve', undefined, undo),
              batch([step('charge', undefined, undo), step('mail')]),
              step('ship', () => fails('no stock'), { tries: 1 }),
            ],
            {
              onFailure: step('tell', (given) => {
                input = given;
              }),
            },
          ),
        },
      ],
    });
    await world.publish('order.paid', {});
    await world.clock.advance(second);
    expect(undone).toEqual(['charge', 'reserve']);
    expect(input).toEqual({ step: 'ship', error: 'no stock' });
    expect(world.called).toEqual(['reserve', 'charge', 'mail', 'ship', 'tell']);
    expect(onlyRun(world)).toMatchObject({ status: 'failed', failure: { step: 'ship' } });
  });

  it('is started once by an event, however often the event is in the log', async () => {
    const world = new World();
    await world.start({ handlers: (step) => [{ pattern: 'order.*', node: step('a') }] });
    await world.publish('order.paid', {});
    await world.repeat();
    await world.clock.advance(second);
    await world.repeat();
    await world.clock.advance(second);
    expect(world.called).toEqual(['a']);
    expect(onlyRun(world).handler).toBe('order.all');
  });
});

describe('runs of one ordering key', () => {
  const pay =
    (world: World, ends: (() => void)[]) =>
    (step: DefineStep): readonly [{ pattern: string; node: ReturnType<DefineStep>; options: object }] => [
      {
        pattern: 'order.*',
        node: step(
          'work',
          async (input) =>
            new Promise((resolve, reject) =>
              ends.push(() => (input === 'bad' ? reject(new Error('bad')) : resolve(world.called.length))),
            ),
          { backoff: [60], tries: 2 },
        ),
        options: { orderBy: 'orderingKey' },
      },
    ];

  it('are carried out one after the other, also while the first waits; others are not held', async () => {
    const world = new World();
    const ends: (() => void)[] = [];
    await world.start({ handlers: pay(world, ends) });
    for (const [data, key] of [
      ['bad', 'k1'],
      ['second', 'k1'],
      ['other', 'k2'],
    ] as const)
      await world.publish('order.paid', data, { key });
    await world.clock.advance(second);
    expect(ends).toHaveLength(2);
    for (const end of ends.splice(0)) end();
    await world.clock.advance(second);
    // The first one waits for its second attempt, and so does the one behind it.
    expect(ends).toHaveLength(0);
    await world.clock.advance(60 * second);
    expect(ends).toHaveLength(1);
    ends.splice(0)[0]?.();
    await world.clock.advance(second);
    expect(ends).toHaveLength(1);
    ends.splice(0)[0]?.();
    await world.clock.advance(second);
    expect(
      world
        .runs()
        .map(({ status }) => status)
        .toSorted(),
    ).toEqual(['completed', 'completed', 'failed']);
  });
});

describe('a handler', () => {
  it('with attempts that never end holds no other handler', async () => {
    const world = new World();
    await world.start({
      handlers: (step) => [
        { pattern: 'a', node: step('stuck', async () => new Promise(() => {})), options: { concurrency: 1 } },
        { pattern: 'b', node: step('quick') },
      ],
    });
    await world.publish('a', 1);
    await world.publish('a', 2);
    await world.publish('b', 3);
    await world.clock.advance(second);
    expect(world.called.toSorted()).toEqual(['quick', 'stuck']);
    await world.clock.advance(60 * second);
    expect(world.called.filter((name) => name === 'stuck').length).toBeGreaterThan(1);
  });

  it('begins no more attempts than its concurrency before their results are acknowledged', async () => {
    const world = new World();
    let delayMs = 0;
    await world.start({
      handlers: (step) => [{ pattern: 'a', node: step('quick'), options: { concurrency: 2 } }],
      delayMs: () => delayMs,
    });
    delayMs = 10 * second;
    for (let number = 0; number < 10; number += 1) await world.publish('a', number);
    await world.clock.advance(30 * second);
    expect(world.called).toHaveLength(2);
    await world.clock.advance(200 * second);
    expect(world.called).toHaveLength(10);
    expect(world.runs().filter(({ status }) => status === 'completed')).toHaveLength(10);
  });
});

describe('a command', () => {
  it('cancels a run: no further step begins', async () => {
    const world = new World();
    let end: () => void = () => {};
    await world.start({
      handlers: (step) => [
        {
          pattern: 'a',
          node: chain([
            step('first', async () => new Promise<void>((resolve) => (end = resolve))),
            step('second'),
          ]),
        },
      ],
    });
    await world.publish('a', {});
    await world.clock.advance(second);
    const run = onlyRun(world);
    await command(
      world,
      { type: 'RunCancelRequested.v1', runId: run.runId, by: 'key_1', reason: 'test', atMs: 1 },
      run,
    );
    await world.clock.advance(second);
    end();
    await world.clock.advance(second);
    expect(world.called).toEqual(['first']);
    expect(onlyRun(world)).toMatchObject({
      status: 'cancelled',
      cancelled: { by: 'key_1', reason: 'test' },
      steps: [],
    });
  });

  it('retries a failed run from the step that failed, once, and does again what was compensated', async () => {
    const world = new World();
    let isBroken = true;
    const undone: unknown[] = [];
    await world.start({
      handlers: (step) => [
        {
          pattern: 'a',
          node: chain([
            step('keep'),
            step('undo', undefined, { compensate: (result) => void undone.push(result) }),
            step('break', () => (isBroken ? fails() : 'ok'), { tries: 1 }),
          ]),
        },
      ],
    });
    await world.publish('a', {});
    await world.clock.advance(second);
    const failed = onlyRun(world);
    expect(failed.status).toBe('failed');
    isBroken = false;
    const retry: RunCommand = {
      type: 'RunRetryRequested.v1',
      runId: failed.runId,
      sequence: failed.sequence,
      by: 'key_1',
      atMs: 1,
    };
    await command(world, retry, failed);
    await command(world, retry, failed);
    await world.clock.advance(second);
    expect(undone).toEqual(['undo']);
    expect(world.called).toEqual(['keep', 'undo', 'break', 'undo', 'break']);
    expect(world.calls.map(({ idempotencyKey }) => idempotencyKey.replace(`${failed.runId}/`, ''))).toEqual([
      'keep',
      'undo',
      'break',
      'undo/1',
      'break',
    ]);
    expect(onlyRun(world)).toMatchObject({ status: 'completed', retries: 1 });
  });
});

describe('other code', () => {
  const waiting = (step: DefineStep) => [
    { pattern: 'a', node: chain([step('done'), step('old', () => fails(), { backoff: [600], tries: 3 })]) },
  ];

  it('keeps the steps that a run has done, and carries out those that are new', async () => {
    const world = new World();
    const first = await world.start({ handlers: waiting });
    await world.publish('a', {});
    await world.clock.advance(second);
    await first.worker.close();
    await world.remove(first);
    await world.start({
      handlers: (step) => [{ pattern: 'a', node: chain([step('before'), step('done'), step('old')]) }],
    });
    await world.clock.advance(700 * second);
    expect(world.called).toEqual(['done', 'old', 'before', 'old']);
    expect(onlyRun(world)).toMatchObject({ status: 'completed' });
  });

  it.each([
    ['step', 'a', { reason: 'unknown-step', step: 'old' }],
    ['handler', 'b', { reason: 'unknown-handler', step: null }],
  ])('without the %s that a run needs fails it after five minutes', async (_what, pattern, failure) => {
    const world = new World();
    const first = await world.start({ handlers: waiting });
    await world.publish('a', {});
    await world.clock.advance(second);
    await first.worker.close();
    await world.remove(first);
    await world.start({ handlers: (step) => [{ pattern, node: step('done') }] });
    await world.clock.advance(290 * second);
    expect(onlyRun(world).status).toBe('waiting');
    await world.clock.advance(900 * second);
    expect(onlyRun(world)).toMatchObject({ status: 'failed', failure });
    expect(world.called).toEqual(['done', 'old']);
  });
});

describe('a worker that stops', () => {
  it('lets attempts end and records them, and starts no more', async () => {
    const world = new World();
    let end: () => void = () => {};
    const handlers = (step: DefineStep) => [
      {
        pattern: 'a',
        node: chain([
          step('first', async () => new Promise<void>((resolve) => (end = resolve))),
          step('second'),
        ]),
      },
    ];
    const first = await world.start({ handlers });
    await world.publish('a', {});
    await world.clock.advance(second);
    const closing = first.worker.close();
    end();
    await world.clock.advance(second);
    await closing;
    expect(world.called).toEqual(['first']);
    await world.remove(first);
    await world.start({ handlers });
    await world.clock.advance(second);
    expect(world.called).toEqual(['first', 'second']);
    expect(onlyRun(world).status).toBe('completed');
  });
});

describe('an application that starts for the first time', () => {
  it('leaves the events from before alone', async () => {
    const world = new World();
    await world.publish('a', {});
    await world.clock.advance(second);
    await world.start({ handlers: (step) => [{ pattern: '*', node: step('a') }] });
    await world.publish('a', {});
    await world.publish('tidings.subscription.failing', {});
    await world.clock.advance(second);
    expect(world.called).toEqual(['a']);
    expect(onlyRun(world).handler).toBe('all');
  });
});

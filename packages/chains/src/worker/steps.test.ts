import type { RunRecorded } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { batch, chain } from '../handlers/chain.ts';
import { NonRetriableError, RetryAfterError } from '../handlers/errors.ts';
import { World } from '../test/world.ts';

const second = 1_000;

const fails = (message = 'no'): never => {
  throw new Error(message);
};

const onlyRun = (world: World): RunRecorded => {
  const [run, ...others] = world.runs();
  if (run === undefined || others.length > 0) throw new Error(`${others.length + 1} runs`);
  return run;
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

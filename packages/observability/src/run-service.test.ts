import { AppError, type ConfigSpec, integer } from '@tidings/runtime';
import { describe, expect, it, vi } from 'vitest';
import { defineMetrics, runService, type ServiceDefinition } from './index.ts';

const metrics = defineMetrics({
  done: { type: 'counter', name: 'tidings_test_done_total', help: 'h', labels: [] },
});
const spec = { port: integer({ env: 'TEST_PORT', default: 0, min: 0, max: 65_535, help: 'h' }) };

// A process that only records what a service does to it.
function aProcess(env: Record<string, string> = {}) {
  const lines: Record<string, unknown>[] = [];
  const errors: string[] = [];
  const signalListeners: ((signal: string) => void)[] = [];
  const crashListeners: ((error: unknown, origin: string) => void)[] = [];
  let report: (code: number) => void = () => {};
  const exited = new Promise<number>((resolve) => {
    report = resolve;
  });
  const exit = vi.fn((code: number) => report(code));
  const host = {
    env,
    exit,
    onSignal: (listener: (signal: string) => void) => void signalListeners.push(listener),
    onCrash: (listener: (error: unknown, origin: string) => void) => void crashListeners.push(listener),
    reportError: (line: string) => void errors.push(line),
    logStream: { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
  };
  const events = () => lines.map((line) => line['event']);
  const signal = (name: string) => {
    for (const listener of signalListeners) listener(name);
  };
  const crash = (error: unknown) => {
    for (const listener of crashListeners) listener(error, 'uncaughtException');
  };
  return { host, lines, errors, events, signal, crash, exit, exited };
}

type Start = ServiceDefinition<typeof spec, typeof metrics>['start'];

async function run(
  world: ReturnType<typeof aProcess>,
  start: Start,
  given: ConfigSpec = spec,
): Promise<void> {
  await runService({ name: 'test', spec: given as typeof spec, metrics, start, host: world.host });
}

describe('runService', () => {
  it('starts with its config and logs what the start returned', async () => {
    const world = aProcess({ TEST_PORT: '80', LOG_LEVEL: 'debug' });
    const start = vi.fn<Start>(async () => ({ url: 'http://x' }));
    await run(world, start);
    expect(start.mock.calls[0]?.[0].config.port).toBe(80);
    expect(world.lines).toEqual([
      expect.objectContaining({
        event: 'service.started',
        service: 'test',
        level: 'info',
        url: 'http://x',
        config: { TEST_PORT: '80', LOG_LEVEL: 'debug' },
      }),
    ]);
    expect(world.exit).not.toHaveBeenCalled();
  });

  it('drains on a signal: not ready at once, resources in reverse, exit 0', async () => {
    const world = aProcess();
    const order: string[] = [];
    await run(world, async ({ resources, health }) => {
      resources.add('producer', () => void order.push('producer'));
      resources.add('server', async () => {
        order.push(`server, ready: ${health.report().ready}`);
        await new Promise((resolve) => setImmediate(resolve));
      });
      return {};
    });
    world.signal('SIGTERM');
    expect(await world.exited).toBe(0);
    expect(order).toEqual(['server, ready: false', 'producer']);
    expect(world.events()).toEqual(['service.started', 'service.stopping', 'service.stopped']);
  });

  it('exits 1 at once on a second signal', async () => {
    const world = aProcess();
    await run(world, async ({ resources }) => {
      resources.add('hangs', async () => new Promise<void>(() => {}));
      return {};
    });
    world.signal('SIGTERM');
    expect(world.exit).not.toHaveBeenCalled();
    world.signal('SIGINT');
    expect(world.exit.mock.calls).toEqual([[1]]);
    expect(world.events().at(-1)).toBe('service.stop-forced');
  });

  it('closes what is open when a signal comes during the start', async () => {
    const world = aProcess();
    const close = vi.fn();
    const closeLate = vi.fn();
    let goOn: (() => void) | undefined;
    const running = run(world, async ({ resources }) => {
      resources.add('early', close);
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      resources.add('late', closeLate);
      return {};
    });
    await vi.waitFor(() => expect(goOn).toBeDefined());
    world.signal('SIGTERM');
    goOn?.();
    await running;
    expect(await world.exited).toBe(0);
    await vi.waitFor(() => expect(closeLate).toHaveBeenCalledTimes(1));
    expect(close).toHaveBeenCalledTimes(1);
    expect(world.events()).not.toContain('service.started');
  });

  it('prints all problems of the config and exits 78', async () => {
    const world = aProcess({ TEST_PORT: 'x', LOG_LEVEL: 'loud' });
    await run(world, async () => ({}));
    expect(world.errors).toEqual([
      "test: TEST_PORT must be an integer from 0 to 65535, got 'x'",
      "test: LOG_LEVEL must be one of debug, info, warn, error, silent, got 'loud'",
    ]);
    expect(world.exit.mock.calls).toEqual([[78]]);
    expect(world.lines).toEqual([]);
  });

  it('does the same for a config that only the start can validate, and closes open resources', async () => {
    const world = aProcess();
    const close = vi.fn();
    await run(world, async ({ resources }) => {
      resources.add('x', close);
      throw new AppError({ code: 'config-invalid', message: 'the sealing key ring is wrong: it is empty' });
    });
    expect(world.errors).toEqual(['test: the sealing key ring is wrong: it is empty']);
    expect(world.exit.mock.calls).toEqual([[78]]);
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('prints why it cannot start if a person can fix it, and exits 1', async () => {
    const world = aProcess();
    await run(world, async () => {
      throw new AppError({ code: 'unavailable', message: 'port 80 on 127.0.0.1 is taken' });
    });
    expect(world.errors).toEqual(['test: port 80 on 127.0.0.1 is taken']);
    expect(world.lines).toEqual([]);
    expect(world.exit.mock.calls).toEqual([[1]]);
  });

  it.each([new Error('unexpected'), new AppError({ code: 'internal', message: 'unexpected' })])(
    'logs any other failed start in one line and exits 1 (%s)',
    async (error) => {
      const world = aProcess();
      await run(world, async () => Promise.reject(error));
      expect(world.lines).toEqual([
        expect.objectContaining({ level: 'fatal', event: 'service.start-failed', detail: 'unexpected' }),
      ]);
      expect(world.errors).toEqual([]);
      expect(world.exit.mock.calls).toEqual([[1]]);
    },
  );

  it('logs an uncaught error and exits 1, once', async () => {
    const world = aProcess();
    await run(world, async () => ({}));
    world.crash(new Error('lost'));
    world.crash(new Error('again'));
    const last = world.lines.at(-1);
    expect(last).toMatchObject({ level: 'fatal', event: 'service.crashed', error: { message: 'lost' } });
    expect(world.exit.mock.calls).toEqual([[1]]);
  });
});

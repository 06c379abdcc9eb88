import { AppError, type ConfigSpec, integer } from '@tidings/runtime';
import { describe, expect, it, vi } from 'vitest';
import { defineMetrics, defineService, runServices, type ServiceDefinition } from './index.ts';

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
  const service = defineService({ name: 'test', spec: given as typeof spec, metrics, start });
  await runServices({ services: [service], host: world.host });
}

describe('runServices with one service', () => {
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

const sharedMetrics = defineMetrics({
  seen: { type: 'counter', name: 'tidings_shared_seen_total', help: 'h', labels: [] },
});

const aService = (
  name: string,
  start: ServiceDefinition<typeof spec, typeof sharedMetrics>['start'] = async () => ({}),
) => defineService({ name, spec, metrics: sharedMetrics, start });

describe('runServices with several services', () => {
  it('starts all of them, each with its own name in its log lines', async () => {
    const world = aProcess();
    await runServices({ services: [aService('one'), aService('two')], host: world.host });
    const started = world.lines.filter(({ event }) => event === 'service.started');
    expect(started.map(({ service }) => service).sort()).toEqual(['one', 'two']);
  });

  it('reports a setting that several of them read once', async () => {
    const world = aProcess({ TEST_PORT: 'x' });
    await runServices({ services: [aService('one'), aService('two')], host: world.host });
    expect(world.errors).toEqual(["tidings: TEST_PORT must be an integer from 0 to 65535, got 'x'"]);
    expect(world.exit.mock.calls).toEqual([[78]]);
  });

  it('reads the settings of each service from its own environment', async () => {
    const world = aProcess();
    const ports: number[] = [];
    const start = async ({ config }: { config: { port: number } }) => {
      ports.push(config.port);
      return {};
    };
    await runServices({
      services: [aService('one', start), aService('two', start)],
      environmentOf: (name) => ({ TEST_PORT: name === 'one' ? '1' : '2' }),
      host: world.host,
    });
    expect(ports).toEqual([1, 2]);
  });

  it('shows the metrics of all of them at each, and a name that both use as one group', async () => {
    const world = aProcess();
    const texts: (() => Promise<string>)[] = [];
    const start: Parameters<typeof aService>[1] = async ({ metrics: own }) => {
      own.handles.seen.inc({}, 2);
      texts.push(own.text);
      return {};
    };
    await runServices({ services: [aService('one', start), aService('two', start)], host: world.host });
    const text = (await texts[0]?.()) ?? '';
    expect(text.match(/^# TYPE tidings_shared_seen_total .*/gm)).toEqual([
      '# TYPE tidings_shared_seen_total counter',
    ]);
    expect(text).toContain('tidings_shared_seen_total{service="one"} 2');
    expect(text).toContain('tidings_shared_seen_total{service="two"} 2');
    expect(text.match(/^nodejs_eventloop_lag_seconds\{.*\}/gm)).toEqual([
      'nodejs_eventloop_lag_seconds{service="tidings"}',
    ]);
  });

  it('opens what they share once, and closes it after both', async () => {
    const world = aProcess();
    const order: string[] = [];
    const start =
      (name: string): Parameters<typeof aService>[1] =>
      async ({ process, resources }) => {
        const shared = process.once('shared', () => {
          process.resources.add('shared', () => void order.push('shared'));
          return { openedBy: name };
        });
        order.push(`${name} uses what ${shared.openedBy} opened`);
        resources.add(name, () => void order.push(name));
        return {};
      };
    const services = [aService('one', start('one')), aService('two', start('two'))];
    await runServices({ services, host: world.host });
    world.signal('SIGTERM');
    expect(await world.exited).toBe(0);
    expect(order.slice(0, 2)).toEqual(['one uses what one opened', 'two uses what one opened']);
    expect(order.slice(2, 4).sort()).toEqual(['one', 'two']);
    expect(order[4]).toBe('shared');
  });

  it('ends all of them with the name of the one that could not start', async () => {
    const world = aProcess();
    const close = vi.fn();
    const running = aService('one', async ({ resources }) => {
      resources.add('x', close);
      return {};
    });
    const failing = aService('two', async () => Promise.reject(new Error('no table')));
    await runServices({ services: [running, failing], host: world.host });
    expect(world.lines).toContainEqual(
      expect.objectContaining({ event: 'service.start-failed', service: 'two', detail: 'no table' }),
    );
    expect(close).toHaveBeenCalledTimes(1);
    expect(world.exit.mock.calls).toEqual([[1]]);
  });

  it('is not live as soon as one of them is not', async () => {
    const world = aProcess();
    const reports: (() => boolean)[] = [];
    const start: Parameters<typeof aService>[1] = async ({ name, health }) => {
      if (name === 'two') health.register('stuck', { deadAfterMs: -1 });
      reports.push(() => health.report().live);
      return {};
    };
    await runServices({ services: [aService('one', start), aService('two', start)], host: world.host });
    expect(reports.map((isLive) => isLive())).toEqual([false, false]);
  });
});

import {
  AppError,
  type ConfigOf,
  type ConfigSpec,
  Health,
  Liveness,
  messageOf,
  Resources,
  systemClock,
} from '@tidings/runtime';
import { createMetrics, type Metrics } from './create-metrics.ts';
import type { MetricsCatalogue } from './define-metrics.ts';
import type { Service } from './define-service.ts';
import { measureHealth } from './health-metrics.ts';
import type { FatalLogger, ServiceLogger } from './logger.ts';
import { mergedText, type TextFormat } from './merge-metrics.ts';
import { createOnce, type ProcessContext } from './process-context.ts';
import type { ProcessHost } from './process-host.ts';
import { reportTo, type ServiceContext } from './service-context.ts';
import { startTracing } from './tracing/tracing.ts';

/** sysexits.h EX_CONFIG: a restart by a supervisor would fail the same way. */
export const exitConfig = 78;

// Maximum time from a SIGTERM to the exit.
const drainMs = 20_000;
// Reserved for what the services share, which closes after them, and for the last lines.
const sharedMs = 1_500;
const farewellMs = 1_500;

/** Reports an error to the operator, in lines without a stack. */
export function reportError(host: ProcessHost, name: string, error: unknown): void {
  for (const line of messageOf(error).split('\n')) host.reportError(`${name}: ${line}`);
}

type Member = Readonly<{
  service: Service;
  config: ConfigOf<ConfigSpec>;
  /** The config as the line `service.started` shows it. */
  shown: Record<string, string>;
}>;

type LifeParts = Readonly<{
  name: string;
  members: readonly Member[];
  host: ProcessHost;
  logger: ServiceLogger;
}>;

type Started = Member &
  Readonly<{ logger: FatalLogger; context: ServiceContext<ConfigSpec, MetricsCatalogue> }>;

/** Fails with the service that could not start. */
class StartFailure extends Error {
  readonly logger: FatalLogger;

  constructor(logger: FatalLogger, cause: unknown) {
    super('a service did not start', { cause });
    this.logger = logger;
  }
}

/**
 * The life of a process and its services: starting → running → stopping → gone; from any state a crash or a second
 * signal leads directly to gone.
 */
export class ProcessLife {
  readonly #parts: LifeParts;
  readonly #process: ProcessContext;
  readonly #services: readonly Started[];
  #starting: Promise<unknown> = Promise.resolve();
  #state: 'starting' | 'running' | 'stopping' | 'gone' = 'starting';

  constructor(parts: LifeParts) {
    this.#parts = parts;
    const { name, members, logger } = parts;
    const resources = new Resources(reportTo(logger));
    const metrics = createMetrics({}, { service: name });
    this.#process = { name, logger, metrics, resources, clock: systemClock, once: createOnce() };
    const liveness = new Liveness();
    const isAlone = members.length === 1;
    this.#services = members.map((member) => {
      const own = isAlone ? logger : logger.ofService(member.service.name);
      return { ...member, logger: own, context: this.#contextOf(member, own, liveness) };
    });
  }

  /** Starts the services. Resolves when all of them run, or the process ends. */
  async run(): Promise<void> {
    const { host } = this.#parts;
    host.onCrash((error, origin) => this.#crash(error, origin));
    host.onSignal((signal) => this.#onSignal(signal));
    try {
      this.#starting = this.#start();
      await this.#starting;
      if (this.#state === 'starting') this.#state = 'running';
    } catch (error) {
      if (this.#state === 'starting') await this.#onStartFailed(error);
    }
  }

  #contextOf({ service, config }: Member, logger: FatalLogger, liveness: Liveness): Started['context'] {
    const isAlone = this.#parts.members.length === 1;
    const registered = createMetrics(service.metrics, {
      service: service.name,
      ...(isAlone ? { registry: this.#process.metrics.registry } : { nodeMetrics: false }),
    });
    // Any of the servers of a process shows the metrics of all its services.
    const metrics: Metrics = { ...registered, text: async (format) => this.#metricsText(format) };
    const health = new Health(systemClock, liveness);
    measureHealth(health, { service: service.name, registry: registered.registry });
    return {
      name: service.name,
      process: this.#process,
      config,
      logger,
      clock: systemClock,
      metrics,
      health,
      resources: new Resources(reportTo(logger)),
    };
  }

  async #metricsText(format?: TextFormat): Promise<string> {
    const registries = [
      this.#process.metrics.registry,
      ...this.#services.map(({ context }) => context.metrics.registry),
    ];
    return mergedText([...new Set(registries)], format);
  }

  async #start(): Promise<void> {
    const { name, host } = this.#parts;
    const tracing = await startTracing({ service: name, env: host.env, logger: this.#parts.logger });
    this.#process.resources.add('tracing', tracing.shutdown);
    await Promise.all(this.#services.map(async (service) => this.#startOne(service)));
  }

  async #startOne({ service, context, logger, shown }: Started): Promise<void> {
    const beganMs = performance.now();
    try {
      const fields = await service.start(context);
      if (this.#state !== 'starting') return;
      const startMs = Math.round(performance.now() - beganMs);
      logger.info({ ...fields, pid: process.pid, startMs, config: shown }, 'service.started');
      void this.#parts.logger.flush();
    } catch (error) {
      throw new StartFailure(logger, error);
    }
  }

  async #onStartFailed(error: unknown): Promise<void> {
    const { name, host, logger } = this.#parts;
    const cause = error instanceof StartFailure ? error.cause : error;
    // An AppError is a message for the person who can act on it, such as that a port is in use; a defect is not.
    const isForPerson = cause instanceof AppError && cause.code !== 'internal';
    if (isForPerson) reportError(host, name, cause);
    else {
      const own = error instanceof StartFailure ? error.logger : logger;
      own.fatal({ error: cause, detail: messageOf(cause) }, 'service.start-failed');
    }
    await this.#terminate(isForPerson && cause.code === 'config-invalid' ? exitConfig : 1);
  }

  #onSignal(signal: string): void {
    if (this.#state === 'stopping') {
      this.#parts.logger.warn({ signal }, 'service.stop-forced');
      this.#exit(1);
    } else if (this.#state !== 'gone') {
      void this.#stop(signal);
    }
  }

  async #stop(signal: string): Promise<void> {
    this.#state = 'stopping';
    const { logger } = this.#parts;
    logger.info({ signal, drainMs }, 'service.stopping');
    void logger.flush();
    for (const { context } of this.#services) context.health.drain();
    await this.#terminate(0);
  }

  // Closes everything open, in any state, and exits. A start in progress is not awaited: resources that it opens from
  // now on are closed at once.
  async #terminate(code: number): Promise<void> {
    this.#state = 'stopping';
    const { logger } = this.#parts;
    const beganMs = performance.now();
    const hardStop = setTimeout(() => this.#exit(1), drainMs);
    this.#starting.catch((error: unknown) => {
      logger.debug({ error }, 'service.start-abandoned');
    });
    const deadlineMs = drainMs - farewellMs - sharedMs;
    await Promise.all(this.#services.map(async ({ context }) => context.resources.close(deadlineMs)));
    const leftMs = drainMs - farewellMs - (performance.now() - beganMs);
    await this.#process.resources.close(Math.max(leftMs, sharedMs));
    if (code === 0) logger.info({ tookMs: Math.round(performance.now() - beganMs) }, 'service.stopped');
    await logger.flush();
    clearTimeout(hardStop);
    this.#exit(code);
  }

  #crash(error: unknown, origin: string): void {
    if (this.#state === 'gone') return;
    this.#parts.logger.fatal({ error, origin, detail: messageOf(error) }, 'service.crashed');
    this.#exit(1);
  }

  #exit(code: number): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.#parts.logger.flushSync();
    this.#parts.host.exit(code);
  }
}

import {
  AppError,
  type ConfigOf,
  type ConfigSpec,
  Health,
  messageOf,
  Resources,
  systemClock,
} from '@tidings/runtime';
import { createMetrics } from './create-metrics.ts';
import type { MetricsCatalogue } from './define-metrics.ts';
import type { LogFields, ServiceLogger } from './logger.ts';
import type { ProcessHost } from './process-host.ts';
import { reportTo, type ServiceContext } from './service-context.ts';
import { startTracing } from './tracing.ts';

/**
 * Definition of a service: its name, its settings, its metrics, and the function that opens everything and returns the
 * fields of the line `service.started` (`{ url }`).
 */
export type ServiceDefinition<S extends ConfigSpec, C extends MetricsCatalogue> = Readonly<{
  name: string;
  spec: S;
  metrics: C;
  start: (context: ServiceContext<S, C>) => Promise<LogFields>;
  host?: ProcessHost;
}>;

/** sysexits.h EX_CONFIG: a restart by a supervisor would fail the same way. */
export const exitConfig = 78;

// Maximum time from a SIGTERM to the exit.
const drainMs = 20_000;
// Reserved for the last lines, after the resources have used the rest.
const farewellMs = 1_500;

/** Reports an error to the operator, in lines without a stack. */
export function reportError(host: ProcessHost, name: string, error: unknown): void {
  for (const line of messageOf(error).split('\n')) host.reportError(`${name}: ${line}`);
}

type LifeParts<S extends ConfigSpec, C extends MetricsCatalogue> = Readonly<{
  definition: ServiceDefinition<S, C>;
  host: ProcessHost;
  config: ConfigOf<S>;
  shown: Record<string, string>;
  logger: ServiceLogger;
}>;

// starting → running → stopping → gone; from any state a crash or a second signal leads directly to gone.
export class ServiceLife<S extends ConfigSpec, C extends MetricsCatalogue> {
  readonly #parts: LifeParts<S, C>;
  readonly #context: ServiceContext<S, C>;
  #starting: Promise<unknown> = Promise.resolve();
  #state: 'starting' | 'running' | 'stopping' | 'gone' = 'starting';

  constructor(parts: LifeParts<S, C>) {
    const { definition, config, logger } = parts;
    this.#parts = parts;
    this.#context = {
      name: definition.name,
      config,
      logger,
      clock: systemClock,
      metrics: createMetrics(definition.metrics, { service: definition.name }),
      health: new Health(),
      resources: new Resources(reportTo(logger)),
    };
  }

  async run(): Promise<void> {
    const { definition, host, logger, shown } = this.#parts;
    const beganMs = performance.now();
    host.onCrash((error, origin) => this.#crash(error, origin));
    host.onSignal((signal) => this.#onSignal(signal));
    try {
      this.#starting = this.#start();
      const fields = await this.#starting;
      if (this.#state !== 'starting') return;
      this.#state = 'running';
      const startMs = Math.round(performance.now() - beganMs);
      logger.info({ ...(fields as LogFields), pid: process.pid, startMs, config: shown }, 'service.started');
      void logger.flush();
    } catch (error) {
      if (this.#state !== 'starting') return;
      // An AppError is a message for the person who can act on it, such as that a port is in use; a defect is not.
      const isForPerson = error instanceof AppError && error.code !== 'internal';
      if (isForPerson) reportError(host, definition.name, error);
      else logger.fatal({ error, detail: messageOf(error) }, 'service.start-failed');
      await this.#terminate(isForPerson && error.code === 'config-invalid' ? exitConfig : 1);
    }
  }

  async #start(): Promise<LogFields> {
    const { definition, host } = this.#parts;
    const tracing = await startTracing({ service: definition.name, env: host.env });
    this.#context.resources.add('tracing', tracing.shutdown);
    return definition.start(this.#context);
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
    this.#context.health.drain();
    await this.#terminate(0);
  }

  // Closes everything open, in any state, and exits. A start in progress is not awaited: resources that it opens from
  // now on are closed at once.
  async #terminate(code: number): Promise<void> {
    this.#state = 'stopping';
    const beganMs = performance.now();
    const hardStop = setTimeout(() => this.#exit(1), drainMs);
    this.#starting.catch((error: unknown) => {
      this.#parts.logger.debug({ error }, 'service.start-abandoned');
    });
    await this.#context.resources.close(drainMs - farewellMs);
    if (code === 0) {
      this.#parts.logger.info({ tookMs: Math.round(performance.now() - beganMs) }, 'service.stopped');
    }
    await this.#parts.logger.flush();
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

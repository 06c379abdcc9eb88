import { type Clock, type ConfigOf, type ConfigSpec, Health, Resources, systemClock } from '@tidings/runtime';
import { createMetrics, type Metrics } from './create-metrics.ts';
import type { MetricsCatalogue } from './define-metrics.ts';
import { type Logger, silentLogger } from './logger.ts';
import { createOnce, type ProcessContext } from './process-context.ts';

/** Context with which every service is started. */
export type ServiceContext<S extends ConfigSpec, C extends MetricsCatalogue> = Readonly<{
  name: string;
  /** Parts that this service shares with the other services of its process. */
  process: ProcessContext;
  config: ConfigOf<S>;
  logger: Logger;
  metrics: Metrics<C>;
  health: Health;
  /** Closed in reverse order when the service stops. */
  resources: Resources;
  clock: Clock;
}>;

/** Parts of a context that a test may choose; the others are silent and real. */
export type ContextOptions<S extends ConfigSpec, C extends MetricsCatalogue> = Readonly<{
  name: string;
  config: ConfigOf<S>;
  catalogue: C;
  logger?: Logger;
  clock?: Clock;
}>;

const processCloseMs = 5_000;

/**
 * Creates a context outside of `runServices`, for tests: `await startIngress(createServiceContext({ … }))`, and at the
 * end `await context.resources.close(5000)`, which closes the resources of its process as well. Node metrics are off.
 */
export function createServiceContext<S extends ConfigSpec, const C extends MetricsCatalogue>(
  options: ContextOptions<S, C>,
): ServiceContext<S, C> {
  const { name, config, catalogue, logger = silentLogger, clock = systemClock } = options;
  const metrics = createMetrics(catalogue, { service: name, nodeMetrics: false });
  const resources = new Resources(reportTo(logger));
  const shared = new Resources(reportTo(logger));
  // Added first, so that it closes last.
  resources.add('process', async () => shared.close(processCloseMs));
  const { registry, text } = metrics;
  const processMetrics = { handles: {}, catalogue: {}, registry, text };
  const process = { name, logger, clock, metrics: processMetrics, resources: shared, once: createOnce() };
  return { name, process, config, logger, clock, metrics, health: new Health(clock), resources };
}

/** Returns a callback that logs each resource as it closes: a warning if it failed or was late. */
export function reportTo(logger: Logger): ConstructorParameters<typeof Resources>[0] {
  return ({ name, tookMs, error }) => {
    if (error === undefined) logger.debug({ resource: name, tookMs }, 'resource.closed');
    else logger.warn({ resource: name, tookMs, error }, 'resource.close-failed');
  };
}

import type { ConfigSpec } from '@tidings/runtime';
import type { MetricsCatalogue } from './define-metrics.ts';
import type { LogFields } from './logger.ts';
import type { ServiceContext } from './service-context.ts';

/**
 * Definition of a service: its name, its settings, its metrics, and the function that opens everything and returns the
 * fields of the line `service.started` (`{ url }`).
 */
export type ServiceDefinition<S extends ConfigSpec, C extends MetricsCatalogue> = Readonly<{
  name: string;
  spec: S;
  metrics: C;
  start: (context: ServiceContext<S, C>) => Promise<LogFields>;
}>;

/** A service of any settings and metrics, as a process runs it. */
export type Service = Readonly<{
  name: string;
  spec: ConfigSpec;
  metrics: MetricsCatalogue;
  /** Called with a context that was made from this service's own `spec` and `metrics`. */
  start: (context: ServiceContext<ConfigSpec, MetricsCatalogue>) => Promise<LogFields>;
}>;

/** Defines a service. Its `start` is checked against its settings and metrics here, once. */
export const defineService = <const S extends ConfigSpec, const C extends MetricsCatalogue>(
  definition: ServiceDefinition<S, C>,
): Service => definition as unknown as Service;

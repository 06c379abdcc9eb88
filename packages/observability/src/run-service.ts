import { type ConfigOf, type ConfigSpec, describeConfig, loadConfig, sharedSettings } from '@tidings/runtime';
import type { MetricsCatalogue } from './define-metrics.ts';
import { createLogger } from './logger.ts';
import { nodeProcess } from './process-host.ts';
import { exitConfig, reportError, type ServiceDefinition, ServiceLife } from './service-life.ts';

// Read for every service, in addition to its own spec.
const commonSpec = { logLevel: sharedSettings.logLevel };

/**
 * Runs a service process: reads the config, starts, runs until SIGTERM or SIGINT, drains within 20 s, and exits 0. A
 * second signal exits 1 at once. Invalid config prints plain lines and exits 78; any other AppError during the start
 * prints its message and exits 1. Any other start failure, and any uncaught error, logs one fatal line and exits 1.
 * Resolves when the service runs (or has failed to).
 */
export async function runService<const S extends ConfigSpec, const C extends MetricsCatalogue>(
  definition: ServiceDefinition<S, C>,
): Promise<void> {
  const { name, spec, host = nodeProcess } = definition;
  const settings = { ...spec, ...commonSpec };
  // All settings in one call, so that all problems are reported together; then each part by its own type.
  let loaded: unknown;
  try {
    loaded = loadConfig(settings, host.env);
  } catch (error) {
    reportError(host, name, error);
    host.exit(exitConfig);
    return;
  }
  const config = loaded as ConfigOf<S>;
  const { logLevel } = loaded as ConfigOf<typeof commonSpec>;
  const logger = createLogger({
    service: name,
    level: logLevel,
    ...(host.logStream === undefined ? {} : { stream: host.logStream }),
  });
  const shown = { ...describeConfig(spec, config), [commonSpec.logLevel.env]: logLevel };
  await new ServiceLife({ definition, host, config, shown, logger }).run();
}

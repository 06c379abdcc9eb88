import {
  AppError,
  type ConfigOf,
  type ConfigSpec,
  describeConfig,
  type Environment,
  loadConfig,
  sharedSettings,
} from '@tidings/runtime';
import type { Service } from './define-service.ts';
import { createLogger } from './logger.ts';
import { nodeProcess, type ProcessHost } from './process-host.ts';
import { exitConfig, ProcessLife, reportError } from './process-life.ts';
import { sharedProcessName } from './process-name.ts';

// Read by every process, in addition to the settings of its services.
const commonSpec = { logLevel: sharedSettings.logLevel };

/**
 * The services of a process. `environmentOf`: the environment of one service; default that of the process. `host`: the
 * process itself; tests pass their own.
 */
export type RunServicesOptions = Readonly<{
  services: readonly Service[];
  environmentOf?: (service: string) => Environment;
  host?: ProcessHost;
}>;

/**
 * Runs services in this process: reads their config, starts them side by side, runs until SIGTERM or SIGINT, drains
 * within 20 s, and exits 0. A second signal exits 1 at once. Invalid config prints plain lines and exits 78; any other
 * AppError during the start prints its message and exits 1. Any other start failure, and any uncaught error of one
 * service, logs one fatal line and exits 1 for all of them. Resolves when the services run (or have failed to).
 */
export async function runServices(options: RunServicesOptions): Promise<void> {
  const { services, host = nodeProcess, environmentOf = () => host.env } = options;
  const [only] = services;
  const name = services.length === 1 && only !== undefined ? only.name : sharedProcessName;
  const { configs, problems } = readConfigs([
    ...services.map(({ name: service, spec }) => ({ spec, env: environmentOf(service) })),
    { spec: commonSpec, env: host.env },
  ]);
  if (problems.length > 0) {
    for (const problem of problems) reportError(host, name, problem);
    host.exit(exitConfig);
    return;
  }
  const { logLevel } = loadConfig(commonSpec, host.env);
  const logger = createLogger({
    service: name,
    level: logLevel,
    ...(host.logStream === undefined ? {} : { stream: host.logStream }),
  });
  const members = services.map((service, at) => {
    const config = configs[at] ?? {};
    const shown = { ...describeConfig(service.spec, config), [commonSpec.logLevel.env]: logLevel };
    return { service, config, shown };
  });
  await new ProcessLife({ name, members, host, logger }).run();
}

type ReadConfigs = Readonly<{ configs: readonly ConfigOf<ConfigSpec>[]; problems: readonly AppError[] }>;

// All settings of all services, so that all problems are reported together, each once.
function readConfigs(sources: readonly Readonly<{ spec: ConfigSpec; env: Environment }>[]): ReadConfigs {
  const seen = new Set<string>();
  const problems: AppError[] = [];
  const configs = sources.map(({ spec, env }) => {
    try {
      return loadConfig(spec, env);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const details = (error.details ?? []).filter(({ detail }) => !seen.has(detail));
      for (const { detail } of details) seen.add(detail);
      const message = details.map(({ detail }) => detail).join('\n');
      if (details.length > 0) problems.push(new AppError({ code: 'config-invalid', message, details }));
      return {};
    }
  });
  return { configs, problems };
}

import type { Logger, Metrics } from '@tidings/observability';
import { duration, type Health, integer, list, type Resources, type Setting, text } from '@tidings/runtime';
import { type AppOptions, createApp } from './create-app.ts';
import { type Listening, type ListenOptions, listen } from './listen.ts';

/** The parts of a service context that an HTTP server needs. */
export type ServeContext = Readonly<{
  name: string;
  config: Readonly<{
    host: string;
    port: number;
    trustedProxies: readonly string[];
    drainDelayMs?: number;
  }>;
  logger: Logger;
  metrics: Pick<Metrics, 'registry' | 'text'>;
  health: Health;
  resources: Resources;
}>;

// Most of the 20 s in which a service must stop; the resources that it drains afterwards need the rest.
const drainMs = 10_000;

/** Options of the app and of the server of a service. */
export type ServeOptions = Pick<AppOptions, 'maxBodyBytes' | 'routes' | 'hasMetrics'> &
  Pick<ListenOptions, 'refuse'>;

/** Creates the app, listens, and closes the server with the other resources of the service. */
export async function serve(
  context: ServeContext,
  { refuse, ...options }: ServeOptions = {},
): Promise<Listening> {
  const { name, config, logger, metrics, health, resources } = context;
  const app = createApp({
    service: name,
    logger,
    metrics,
    health,
    trustedProxies: config.trustedProxies,
    ...options,
  });
  const { host, port, drainDelayMs = 0 } = config;
  const listening = await listen(app, {
    host,
    port,
    logger,
    drainDelayMs,
    ...(refuse === undefined ? {} : { refuse }),
  });
  resources.add('http server', async () => listening.close(drainMs));
  return listening;
}

/**
 * Returns the settings `host` (`<PREFIX>_HOST`, default 127.0.0.1), `port` (`<PREFIX>_PORT`, default 0: any free one),
 * `trustedProxies` (`TRUSTED_PROXIES`, default none) and `drainDelayMs` (`DRAIN_DELAY`, default 0).
 */
export function httpSettings(prefix: string): {
  readonly host: Setting<string>;
  readonly port: Setting<number>;
  readonly trustedProxies: Setting<readonly string[]>;
  readonly drainDelayMs: Setting<number>;
} {
  return {
    host: text({ env: `${prefix}_HOST`, default: '127.0.0.1', help: 'the address to listen on' }),
    port: integer({
      env: `${prefix}_PORT`,
      default: 0,
      min: 0,
      max: 65_535,
      help: 'the port to listen on; 0 selects a free one',
    }),
    trustedProxies: list({
      env: 'TRUSTED_PROXIES',
      default: [],
      help: 'comma-separated networks whose X-Forwarded-For is trusted: CIDRs, loopback, linklocal, uniquelocal',
    }),
    drainDelayMs: duration({
      env: 'DRAIN_DELAY',
      default: 0,
      min: 0,
      max: 5_000,
      help: 'how long a stopping service goes on to accept requests, not ready meanwhile, so that a load balancer takes it out first; more than the time between two of its looks at /ready',
    }),
  };
}

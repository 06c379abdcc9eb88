import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServiceContext } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { type Clock, loadConfig, systemClock } from '@tidings/runtime';
import { onTestFinished } from 'vitest';
import { configSpec } from '../src/config.ts';
import { metricsCatalogue } from '../src/metrics.ts';
import { startConsole } from '../src/service.ts';

/** The services that the console monitors. */
export const serviceNames = ['ingress', 'subscription', 'history', 'fanout', 'delivery'] as const;

/** Starts a test server on any free port and returns its URL. */
export async function aService(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

// Port 1 refuses connections: nothing listens there.
const nowhere = 'http://127.0.0.1:1';

type ServiceUrls = Readonly<Partial<Record<(typeof serviceNames)[number], string>>>;

/** A running console and its start parameters. */
export type TestConsole = Readonly<{
  url: string;
  operatorUrl: string;
  port: number;
  env: Readonly<Record<string, string>>;
  logger: ReturnType<typeof recordingLogger>;
  context: Parameters<typeof startConsole>[0];
}>;

/** Starts a console in front of services at these URLs; every other service is down. */
export async function aConsole(
  urls: ServiceUrls = {},
  extra: Readonly<Record<string, string>> = {},
  clock: Clock = systemClock,
): Promise<TestConsole> {
  const env = Object.fromEntries(
    serviceNames.map((name) => [`${name.toUpperCase()}_URL`, urls[name] ?? nowhere]),
  );
  const logger = recordingLogger();
  const context = createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'console',
    config: loadConfig(configSpec, { ...env, ...extra }),
    catalogue: metricsCatalogue,
    logger,
    clock,
  });
  const { url, operatorUrl } = await startConsole(context);
  onTestFinished(async () => context.resources.close(1000));
  return { url, operatorUrl, logger, context, env, port: Number(new URL(url).port) };
}

import { createServiceContext, type ServiceContext } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { type Clock, loadConfig, systemClock } from '@tidings/runtime';
import { configSpec } from '../src/config.ts';
import { metricsCatalogue } from '../src/metrics.ts';
import { aKeyRing } from './memory/in-memory-registry.ts';

/** Creates the context of a service without network connections. */
export const aContext = (
  env: Readonly<Record<string, string>> = {},
  clock: Clock = systemClock,
): ServiceContext<typeof configSpec, typeof metricsCatalogue> =>
  createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'subscription',
    config: loadConfig(configSpec, {
      KAFKA_BROKERS: '127.0.0.1:1',
      MONGODB_URI: 'mongodb://127.0.0.1:1',
      ADMIN_KEY: 'an-admin-key-of-a-test',
      WORKSPACE_ID: 'ws_own',
      SEALING_KEYS: aKeyRing(),
      ...env,
    }),
    catalogue: metricsCatalogue,
    logger: recordingLogger(),
    clock,
  });

import { randomUUID } from 'node:crypto';
import { createServiceContext } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { type Clock, loadConfig, systemClock } from '@tidings/runtime';
import { eventually, guardMongodbCommands, sharedBrokers, sharedMongodbUri } from '@tidings/testing';
import mongoose from 'mongoose';
import { expect, onTestFinished } from 'vitest';
import { configSpec } from '../../src/config.ts';
import { metricsCatalogue } from '../../src/metrics.ts';
import { startSubscription } from '../../src/service.ts';
import { aKeyRing } from '../memory/in-memory-registry.ts';
import { apiCaller } from '../registry-api.ts';

/** All commands that the registries of a test file have sent to MongoDB. */
export const sentCommands = guardMongodbCommands(mongoose.mongo, 'subscription');

/** Database and workspace of one registry, and the key ring that its instances share. */
export type RegistrySite = Readonly<{
  database: string;
  workspace: string;
  sealingKeys: string;
  adminKey: string;
}>;

export const aSite = (): RegistrySite => ({
  database: `registry_${randomUUID().slice(0, 8)}`,
  workspace: `ws_${randomUUID().slice(0, 8)}`,
  sealingKeys: aKeyRing(),
  // One Kafka holds the keys of all registries of a test run.
  adminKey: `an-admin-key-${randomUUID()}`,
});

/** A running instance of the service and a caller of its API. */
export type RunningRegistry = Awaited<ReturnType<typeof startRegistry>>;

/** Starts the whole service with the real Kafka and MongoDB; stops it when the test ends. */
export async function startRegistry(
  site: RegistrySite,
  env: Readonly<Record<string, string>> = {},
  clock: Clock = systemClock,
) {
  const config = loadConfig(configSpec, {
    KAFKA_BROKERS: sharedBrokers().join(','),
    MONGODB_URI: sharedMongodbUri(),
    ADMIN_KEY: site.adminKey,
    WORKSPACE_ID: site.workspace,
    WORKSPACE_POLICY: 'open',
    ALLOW_HTTP_ENDPOINTS: 'true',
    SEALING_KEYS: site.sealingKeys,
    DANGEROUSLY_ALLOWED_NETWORKS: '127.0.0.0/8,::1/128',
    SUBSCRIPTION_DATABASE: site.database,
    SUBSCRIPTION_SWEEP_EVERY: '200ms',
    SUBSCRIPTION_COUNT_EVERY: '50ms',
    SUBSCRIPTION_HEALTH_GROUP: site.database,
    // `propagated` states whether a version is published, not how busy this machine is.
    SUBSCRIPTION_PUBLISH_WAIT: '10s',
    ...env,
  });
  const logger = recordingLogger();
  const context = createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'subscription',
    config,
    catalogue: metricsCatalogue,
    logger,
    clock,
  });
  const { url } = await startSubscription(context);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    closing ??= context.resources.close(10_000);
    await closing;
  };
  onTestFinished(async () => {
    await close();
    expect(sentCommands.faults).toEqual([]);
  });
  const isReady = async (): Promise<boolean> => (await fetch(`${url}/ready`)).status === 200;
  return { url, logger, close, isReady, call: apiCaller(url, site.adminKey) };
}

/** Starts the service and waits until it is ready. */
export async function startReadyRegistry(
  site: RegistrySite,
  env: Readonly<Record<string, string>> = {},
  clock: Clock = systemClock,
): Promise<RunningRegistry> {
  const registry = await startRegistry(site, env, clock);
  // Starting a service is slow when others run on the same machine.
  await eventually(async () => expect(await registry.isReady()).toBe(true), { timeoutMs: 60_000 });
  return registry;
}

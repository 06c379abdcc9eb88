import { type AccessRecord, accessKeyOf, decodeAccess, topics } from '@tidings/contracts';
import type { Authenticate, Principal } from '@tidings/http';
import type { Bus, Producer, TableOptions } from '@tidings/kafka';
import { createMetrics, type Logger, type Metrics } from '@tidings/observability';
import { type Clock, type Health, type Resources, runPeriodically } from '@tidings/runtime';
import { AccessReadiness } from './access-readiness.ts';
import { AccessTable } from './access-table.ts';
import { createAuthenticate, isStillValid } from './authenticate.ts';
import { FailedAttempts } from './failed-attempts.ts';
import { accessMetrics } from './metrics.ts';
import { UsageReporter } from './usage-reporter.ts';

/** Parts of a service context that access needs. */
export type AccessContext = Readonly<{
  name: string;
  config: Readonly<{ wrongKeysPerMinute: number }>;
  logger: Logger;
  metrics: Pick<Metrics, 'registry'>;
  health: Health;
  resources: Resources;
  clock: Clock;
}>;

/**
 * Keys, tokens and workspace rules, read from the access topic and at most a moment old. Works while MongoDB is down.
 */
export type Access = Readonly<{
  authenticate: Authenticate;
  /** Returns false once a principal may no longer do what it could when it was authenticated. */
  isStillValid(principal: Principal): boolean;
  table: Pick<AccessTable, 'workspace' | 'workspaces' | 'consumer' | 'keyOf'>;
  /** Resolves once the topic has been read. */
  ready(): Promise<void>;
  /**
   * Applies all records that their owner holds, even before the topic has been read. Used by the service that stores
   * them, which must accept its operator's key while the brokers are unavailable.
   */
  refresh(records: readonly AccessRecord[]): void;
}>;

/** Options of {@link openAccess}. `isComplete` returns false while a key that is not in the table may exist. */
export type AccessParts = Readonly<{
  bus: Pick<Bus, 'table'>;
  producer: Producer;
  isComplete?: () => boolean;
}>;

const reportEveryMs = 1_000;
const expiringWithinMs = 7 * 86_400_000;

const gaugeKeys = (
  table: AccessTable,
  { keys, keysExpiring }: Metrics<typeof accessMetrics>['handles'],
  clock: Clock,
): void => {
  keys.collect((gauge) => gauge.set({}, table.keys));
  keysExpiring.collect((gauge) => gauge.set({}, table.countExpiring(clock.nowMs(), expiringWithinMs)));
};

const decodeEntry: TableOptions<AccessRecord>['decode'] = (record) => {
  const value = decodeAccess(record);
  return { key: accessKeyOf(value), version: value.version, value };
};

/**
 * Follows the access topic. The part `access` is up once the topic has been read and holds a key; until then every
 * request is answered 503. `producer` publishes reports of key usage. Closed with the other resources.
 */
export async function openAccess(
  context: AccessContext,
  { bus, producer, isComplete = () => true }: AccessParts,
): Promise<Access> {
  const { name, config, logger, metrics, health, resources, clock } = context;
  const { handles } = createMetrics(accessMetrics, { service: name, registry: metrics.registry });
  const table = new AccessTable();
  gaugeKeys(table, handles, clock);
  const readiness = new AccessReadiness(health.register('access'), table);
  const records = await bus.table<AccessRecord>({
    topic: topics.access,
    service: name,
    decode: decodeEntry,
    onChange: (key, value) => {
      table.apply(key, value);
      readiness.report();
    },
  });
  readiness.follow(records);
  const stopReports = runPeriodically({
    clock,
    firstMs: 0,
    everyMs: reportEveryMs,
    run: () => readiness.report(),
  });
  const usage = new UsageReporter({ producer, clock, logger });
  resources.add('access', async () => {
    stopReports();
    await usage.flush();
    await records.close();
  });
  const authenticate = createAuthenticate({
    table,
    isLoaded: () => readiness.isReady,
    isComplete,
    attempts: new FailedAttempts({ clock, perMinute: config.wrongKeysPerMinute }),
    clock,
    logger,
    metrics: handles,
    onUse: (keyId, workspaceId) => usage.used(keyId, workspaceId),
  });
  const refresh = (known: readonly AccessRecord[]): void => {
    for (const record of known) table.apply(accessKeyOf(record), record);
    readiness.loaded();
  };
  const isValid = (principal: Principal) => isStillValid({ table, clock }, principal);
  return { authenticate, isStillValid: isValid, table, refresh, ready: async () => records.ready() };
}

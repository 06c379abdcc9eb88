import type { ReplaySpec } from '@tidings/contracts';
import type { Route } from '@tidings/http';
import type { Bus } from '@tidings/kafka';
import { type ServiceContext, startInBackground } from '@tidings/observability';
import type { configSpec } from '../config.ts';
import type { DeliveryStore } from '../deliveries/ports.ts';
import type { Jobs } from '../jobs/open-jobs.ts';
import type { metricsCatalogue } from '../metrics.ts';
import type { Retention } from '../retention.ts';
import { createEventLogStart, openReplayedSubscriptions } from './adapters/kafka-replays.ts';
import { replayView } from './adapters/replay-request.ts';
import { replayRoutes } from './adapters/replay-routes.ts';
import { createCountOutcomes } from './count-outcomes.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** Registers the job kind `replay`, which the fanout service carries out, and returns the routes. */
export const openReplays = async (
  context: Context,
  bus: Bus,
  { jobs, deliveries, retention }: Readonly<{ jobs: Jobs; deliveries: DeliveryStore; retention: Retention }>,
): Promise<readonly Route[]> => {
  const { config, health, resources, clock } = context;
  jobs.kinds.register({
    kind: 'replay',
    carriedOutBy: 'worker',
    requestView: (spec) => replayView(spec as ReplaySpec),
    countOutcomes: createCountOutcomes({ deliveries, jobs: jobs.jobs, clock }),
  });
  const table = await openReplayedSubscriptions(bus);
  resources.add('replayed subscriptions', async () => table.close());
  let isReady = false;
  const part = health.register('replays');
  startInBackground({ ...context, name: 'replays', part }, async () => {
    await table.ready();
    isReady = true;
    part.up();
  });
  return replayRoutes({
    ...jobs,
    clock,
    log: createEventLogStart(bus),
    expiredBeforeMs: (id) => retention.expiredBeforeMs(id, config.retentionMs),
    subscriptions: { isReady: () => isReady, get: (id) => table.get(id) },
    ratePerSecond: config.redriveRate,
    maxRatePerSecond: config.maxRedriveRate,
  });
};

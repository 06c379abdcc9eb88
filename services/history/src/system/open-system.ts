import type { Route } from '@tidings/http';
import type { Bus } from '@tidings/kafka';
import type { ServiceContext } from '@tidings/observability';
import type { configSpec } from '../config.ts';
import type { DeadLetterStore } from '../dead-letters/ports.ts';
import type { JobStore } from '../jobs/ports.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { breakerRoutes } from './adapters/breaker-routes.ts';
import { systemRoutes } from './adapters/system-routes.ts';
import { BreakerFollower } from './breaker-follower.ts';
import { hopsOf } from './domain/pipeline.ts';
import { createSystemReader } from './read-system.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** The stores whose contents the state of the system counts. */
export type SystemStores = Readonly<{
  deadLetters: Pick<DeadLetterStore, 'countWaiting'>;
  jobs: Pick<JobStore, 'countOpen'>;
}>;

/** Opens the state of the system for operators. Does nothing until somebody asks for it. Returns its routes. */
export const openSystem = (
  { config, clock, resources }: Context,
  bus: Bus,
  stores: SystemStores,
): Route[] => {
  const breakers = new BreakerFollower(bus, clock);
  resources.add('breakers', async () => breakers.close());
  const { deadLetters, jobs } = stores;
  const readSystem = createSystemReader({
    ...{ bus, breakers, deadLetters, jobs, clock },
    hops: hopsOf(config.group),
  });
  return [...systemRoutes({ readSystem }), ...breakerRoutes({ breakers, clock })];
};

import { type DataErased, encodeErasure, topics } from '@tidings/contracts';
import type { Route } from '@tidings/http';
import { type Bus, type Erasures, openProducer, type Producer } from '@tidings/kafka';
import type { ObjectStorage } from '@tidings/object-storage';
import { type ServiceContext, startInBackground } from '@tidings/observability';
import type { configSpec } from '../config.ts';
import type { RunKind } from '../jobs/job-kind.ts';
import type { Jobs } from '../jobs/open-jobs.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { erasureRoutes } from './adapters/erasure-routes.ts';
import type { ErasedStores } from './erasing-stores.ts';
import { erasureKind } from './erasure-kind.ts';
import type { IsConsumer, RecordErasure } from './ports.ts';
import { retirePeriodically } from './retire-erasures.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** The parts of the service that erasures use. */
export type ErasureBackends = Readonly<{
  bus: Bus;
  /** As they are: what is to be erased is visible in them. */
  stores: ErasedStores;
  erasures: Erasures;
  storage: ObjectStorage;
  jobs: Jobs;
  isConsumer: IsConsumer;
}>;

// Shorter than the claim on the job; the batch is repeated then.
const publish = { deadlineMs: 10_000 } as const;

const recorder =
  (producer: Producer): RecordErasure =>
  async (erasure: DataErased) => {
    await producer.publish({ topic: topics.erasures, ...encodeErasure(erasure) }, publish);
  };

/** Opens erasures: registers their kind of jobs, which run once all earlier ones are known. Returns the routes. */
export const openErasureJobs = async (
  context: Context,
  { bus, stores, erasures, storage, jobs, isConsumer }: ErasureBackends,
): Promise<readonly Route[]> => {
  const { clock, logger, resources } = context;
  let isReady = false;
  const producer = await openProducer(context, bus);
  const record = recorder(producer);
  const kind = erasureKind({ stores, erasures, storage, record, clock, jobs: jobs.jobs }, () => isReady);
  jobs.kinds.register(kind as RunKind);
  startInBackground({ ...context, name: 'erasures' }, async () => {
    await erasures.ready();
    isReady = true;
    jobs.wake();
  });
  resources.add('erasure retirement', retirePeriodically({ bus, producer, erasures, clock, logger }));
  const { events, deliveries } = stores;
  return erasureRoutes({ ...jobs, events, deliveries, isConsumer, clock });
};

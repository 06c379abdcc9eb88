import { supersededKeptMs } from '@tidings/contracts';
import type { Bus, Producer } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import type { Clock, KeyRing } from '@tidings/runtime';
import { BreakerLog } from './adapters/breaker-log.ts';
import { OrderingChangelog } from './adapters/ordering-changelog.ts';
import { SigningKeyCache } from './adapters/signing-key-cache.ts';
import type { SubscriptionDirectory } from './adapters/subscription-directory.ts';
import { SupersededCommandsLog } from './adapters/superseded-commands-log.ts';
import { AttemptDelivery, type AttemptDependencies } from './attempt/attempt-delivery.ts';
import { createDeferJob } from './attempt/defer-job.ts';
import type { LargeBodies } from './attempt/large-bodies.ts';
import { Linger } from './attempt/linger.ts';
import { createRecordResolution, type Recorded } from './attempt/record-resolution.ts';
import { finishedAttemptsBounds, hardCapFactor, maxDelayed, maxUnrecorded } from './config.ts';
import { DeferralController } from './deferral/deferral-controller.ts';
import { EndpointStates } from './deferral/domain/endpoint-states.ts';
import type { ErasedCommands } from './domain/disposition.ts';
import { FinishedAttempts } from './domain/finished-attempts.ts';
import { InFlightJobs } from './domain/in-flight-jobs.ts';
import { Listeners } from './domain/listeners.ts';
import { defaultNotRetried } from './domain/retry-policy.ts';
import { SupersededChains } from './domain/superseded-chains.ts';
import { createDeliveryHandler } from './intake/handle-delivery-requested.ts';
import type { DeliveryMetrics } from './metrics.ts';
import { composeOrdering, type Ordering } from './ordering/compose-ordering.ts';
import type { SendRequest } from './ports.ts';
import { Dispatcher } from './queue/dispatcher.ts';

export type EngineOptions = Readonly<{
  bus: Pick<Bus, 'readRange'>;
  directory: SubscriptionDirectory;
  erasures: ErasedCommands;
  producer: Producer;
  send: SendRequest;
  largeBodies: LargeBodies;
  ring: KeyRing;
  concurrency: number;
  maxOrderedBacklog: number;
  maxCachedBodyBytes: number;
  lingerMs: number;
  recordSuccessBodies: boolean;
  metrics: DeliveryMetrics;
  clock: Clock;
  logger: Logger;
}>;

/** The delivery pipeline, from a command that was read to the record of its resolution. */
export type Engine = Readonly<{
  handler: ReturnType<typeof createDeliveryHandler>;
  dispatcher: Dispatcher;
  deferralController: DeferralController;
  ordering: Ordering;
  inFlight: InFlightJobs;
  finishedAttempts: FinishedAttempts;
  superseded: SupersededChains;
  supersededLog: SupersededCommandsLog;
  endpointStates: EndpointStates;
}>;

/** The state of the engine that only memory holds. */
const createState = (clock: Clock) => ({
  inFlight: new InFlightJobs(),
  finishedAttempts: new FinishedAttempts(finishedAttemptsBounds, clock.monotonicMs()),
  superseded: new SupersededChains(supersededKeptMs),
  endpointStates: new EndpointStates(),
});

/** Creates the dispatcher and the attempts that it starts. */
const composeDispatcher = (concurrency: number, parts: AttemptDependencies): Dispatcher => {
  const attempts = new AttemptDelivery(parts);
  const caps = { softCap: concurrency, hardCap: concurrency * hardCapFactor };
  return new Dispatcher({ caps, maxUnrecorded, maxDelayed, attempts, clock: parts.clock });
};

export const composeEngine = (options: EngineOptions): Engine => {
  const { bus, directory, erasures, producer, ring, concurrency, metrics, clock, logger } = options;
  const { endpointStates, ...jobs } = createState(clock);
  const signingKeys = new SigningKeyCache({ ring, logger });
  const linger = new Linger(clock, options.lingerMs);
  const shared = { ...jobs, directory, erasures, metrics, clock, logger };
  const recorded: Recorded = new Listeners();
  const { send, largeBodies } = options;
  const { onDeadLetter } = largeBodies;
  const record = createRecordResolution({ ...shared, producer, linger, recorded, onDeadLetter });
  const deferJob = createDeferJob({ record, clock });
  const dispatcher = composeDispatcher(concurrency, {
    ...{ ...shared, signingKeys, send, largeBodies },
    record,
    deferJob,
    notRetried: defaultNotRetried,
    recordedBodies: options.recordSuccessBodies ? 'every-body' : 'bodies-of-failures',
  });
  const breakerLog = new BreakerLog({ producer, clock, logger });
  const deferral = { dispatcher, endpointStates, deferJob, breakerLog };
  const deferralController = new DeferralController({ ...shared, ...deferral });
  dispatcher.concluded.add((attempted) => deferralController.concluded(attempted));
  directory.changed.add((id, subscription) => {
    if (subscription === undefined) signingKeys.forget(id);
    else deferralController.renew(subscription);
  });
  const ordering = composeOrdering({
    ...shared,
    changelog: new OrderingChangelog({ bus, producer, logger }),
    record,
    recorded,
    deferJob,
    deferralController,
    maxBacklog: options.maxOrderedBacklog,
    maxBodyBytes: options.maxCachedBodyBytes,
  });
  const supersededLog = new SupersededCommandsLog({ bus, producer, logger });
  const parts = { ...shared, dispatcher, deferralController, ordering, record, supersededLog };
  return {
    handler: createDeliveryHandler(parts),
    dispatcher,
    deferralController,
    ordering,
    supersededLog,
    ...jobs,
    endpointStates,
  };
};

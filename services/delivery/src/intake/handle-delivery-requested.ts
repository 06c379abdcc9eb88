import type { DeliveryRequested } from '@tidings/contracts';
import type { WorkBatch, WorkItem } from '@tidings/kafka';
import type { Clock } from '@tidings/runtime';
import type { RecordVerdict } from '../attempt/record-resolution.ts';
import type { Spiller } from '../deferral/deferral-controller.ts';
import { type Route, routeOf } from '../domain/disposition.ts';
import { chainKeyOf, type FinishedMemory } from '../domain/finished-attempts.ts';
import { type ActiveJobs, type Job, jobKeyOf } from '../domain/in-flight.ts';
import { verdictOnRoute } from '../domain/resolution.ts';
import { shortestDelayMs } from '../domain/retry-ladder.ts';
import type { OrderKeeper } from '../ordering/ordered-delivery.ts';
import type { SubscriptionDirectory } from '../ports.ts';
import type { Dispatcher } from '../queue/dispatcher.ts';
import { Intake } from './domain/partition-inbox.ts';

type Dependencies = Readonly<{
  directory: SubscriptionDirectory;
  dispatcher: Dispatcher;
  spiller: Spiller;
  keeper: Pick<OrderKeeper, 'take'>;
  /** Told of a partition that is somebody else's, after its queued jobs were dropped. */
  onDropped: (partition: number) => void;
  record: RecordVerdict;
  active: ActiveJobs;
  memory: FinishedMemory;
  clock: Clock;
  onDuplicate: (kind: 'in_flight' | 'finished') => void;
}>;

const maxSliceMs = 4;
const itemsATurn = 16;

// The state in a job's header weighs too.
const stateBytes = 1_024;

type Names = Pick<Job, 'key' | 'chain'>;

const jobOf = (item: WorkItem<DeliveryRequested>, { key, chain }: Names, clock: Clock): Job => ({
  command: item.message,
  key,
  chain,
  partition: item.record.partition,
  bytes: item.message.body.length + stateBytes,
  arrivedMs: clock.monotonicMs(),
  arrivedIdleMs: clock.idleMs(),
  writtenAtMs: item.record.timestampMs,
  member: null,
  records: [item],
});

/**
 * What happens to each command that is read: it is known already, waits, ends, or takes its place in its
 * subscription's queue. Returns at once; the work ends later with the record's completion.
 */
export const createDeliveryHandler = (dependencies: Dependencies) => {
  const { directory, dispatcher, spiller, keeper, record, active, memory, clock, onDuplicate } = dependencies;

  const isKnown = (item: WorkItem<DeliveryRequested>, { key, chain }: Names): boolean => {
    if (active.join(key, item)) {
      onDuplicate('in_flight');
      return true;
    }
    if (!memory.has(chain, item.message.state.attempt)) return false;
    onDuplicate('finished');
    item.done();
    return true;
  };

  const settle = (job: Job, route: Exclude<Route, { kind: 'attempt' }>): void => {
    void record(job, verdictOnRoute(job.command.state, route, clock.nowMs()));
  };

  // A wait in memory is over; by the wall clock it may be a moment short, or long if that clock was set back.
  const resume = (job: Job): void => {
    const route = routeOf(job.command.state, directory.find(job.command.state.subscriptionId), clock.nowMs());
    if (route.kind === 'attempt') spiller.admit(job, route.subscription);
    else settle(job, route);
    spiller.watch();
  };

  const accept = (item: WorkItem<DeliveryRequested>): void => {
    const { state } = item.message;
    const names = { key: jobKeyOf(state), chain: chainKeyOf(state) };
    if (isKnown(item, names)) return;
    const subscription = directory.find(state.subscriptionId);
    if (keeper.take(item, subscription)) return;
    const job = jobOf(item, names, clock);
    active.add(job);
    const route = routeOf(state, subscription, clock.nowMs());
    if (route.kind === 'attempt') {
      spiller.admit(job, route.subscription);
      return;
    }
    const isShort = route.kind === 'wait' && route.remainingMs < shortestDelayMs;
    if (isShort && dispatcher.hold(job, route.remainingMs, () => resume(job))) return;
    settle(job, route);
  };

  const intake = new Intake<WorkItem<DeliveryRequested>>();
  let isWorking = false;

  // In slices: a batch of thousands in one go would hold up every socket of the process.
  const work = (): void => {
    const endMs = clock.monotonicMs() + maxSliceMs;
    while (intake.waiting > 0 && clock.monotonicMs() <= endMs) {
      for (const item of intake.next(itemsATurn)) accept(item);
      dispatcher.pump();
    }
    spiller.watch();
    isWorking = intake.waiting > 0;
    if (isWorking) clock.setTimer(work, 0);
  };

  return {
    onBatch: ({ partition, items }: WorkBatch<DeliveryRequested>): void => {
      intake.add(partition, items);
      if (!isWorking) work();
    },
    onRevoked: (partition: number): void => {
      intake.drop(partition);
      for (const job of dispatcher.dropPartition(partition)) active.drop(job);
      dependencies.onDropped(partition);
      spiller.dropPartition(partition);
    },
  };
};

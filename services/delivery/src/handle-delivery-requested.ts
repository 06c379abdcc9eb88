import type { DeliveryRequested } from '@tidings/contracts';
import type { WorkBatch, WorkItem } from '@tidings/kafka';
import type { Clock } from '@tidings/runtime';
import type { Dispatcher } from './dispatch-deliveries.ts';
import type { ActiveJobs, Job } from './domain/job.ts';
import { shortestDelayMs } from './domain/ladder-hop.ts';
import { type Route, routeOf } from './domain/route.ts';
import { verdictOnRoute } from './domain/verdict.ts';
import type { SubscriptionDirectory } from './ports.ts';
import type { RecordVerdict } from './record-verdict.ts';

type Dependencies = Readonly<{
  directory: SubscriptionDirectory;
  dispatcher: Dispatcher;
  record: RecordVerdict;
  active: ActiveJobs;
  clock: Clock;
  onDuplicate: () => void;
}>;

// The state in a job's header weighs too.
const stateBytes = 1_024;

const jobOf = (item: WorkItem<DeliveryRequested>, arrivedMs: number): Job => ({
  command: item.message,
  partition: item.record.partition,
  bytes: item.message.body.length + stateBytes,
  arrivedMs,
  writtenAtMs: item.record.timestampMs,
  records: [item],
});

/**
 * What happens to each command that is read: it joins its copy, waits, ends, or takes its place in its subscription's
 * queue. Returns at once; the work ends later with the record's completion.
 */
export const createDeliveryHandler = (dependencies: Dependencies) => {
  const { directory, dispatcher, record, active, clock, onDuplicate } = dependencies;

  const settle = (job: Job, route: Exclude<Route, { kind: 'attempt' }>): void => {
    const nowMs = clock.nowMs();
    void record(job, verdictOnRoute(job.command.state, route, nowMs));
  };

  const accept = (item: WorkItem<DeliveryRequested>): void => {
    const { state } = item.message;
    if (active.join(state, item)) {
      onDuplicate();
      return;
    }
    const job = jobOf(item, clock.monotonicMs());
    active.add(job);
    const subscription = directory.find(state.subscriptionId);
    const route = routeOf(state, subscription, clock.nowMs());
    if (route.kind === 'attempt') {
      dispatcher.offer(job, route.subscription);
      return;
    }
    const isShort =
      route.kind === 'wait' && route.remainingMs < shortestDelayMs && subscription !== undefined;
    if (isShort && dispatcher.hold(job, subscription, route.remainingMs)) return;
    settle(job, route);
  };

  return {
    onBatch: (batch: WorkBatch<DeliveryRequested>): void => {
      for (const item of batch.items) accept(item);
      dispatcher.pump();
    },
    onRevoked: (partition: number): void => {
      for (const job of dispatcher.dropPartition(partition)) active.drop(job);
    },
  };
};

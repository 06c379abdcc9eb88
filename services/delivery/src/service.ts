import { createEgress, type Egress, operatorPolicy, sendWithRepeat } from '@tidings/egress';
import { serve } from '@tidings/http';
import { openBus, problemOf, type Relay, type WatchedPart, watchWorkers } from '@tidings/kafka';
import { startInBackground } from '@tidings/observability';
import type { Engine } from './compose-engine.ts';
import { hardCapFactor } from './config.ts';
import { countDue } from './intake/count-due.ts';
import { type Rung, rungs } from './intake/relay-due-retries.ts';
import type { SendRequest } from './ports.ts';
import {
  type DeliveryContext,
  type OpenEngine,
  openEngine,
  type RunningEngine,
  startEngine,
} from './run-engine.ts';

// Closing sockets still count: a few more than requests, so that no request waits for one.
const spareSockets = 64;

const openEgress = ({ config, clock, resources }: DeliveryContext, ownUrl: string): Egress => {
  const maxSockets = config.concurrency * hardCapFactor + spareSockets;
  const egress = createEgress({
    policy: operatorPolicy(config, [ownUrl]),
    ...(config.loopId !== '' && { loopId: config.loopId }),
    maxSockets,
    // Each subscription has its own limit. A limit per origin would let one
    // subscription delay another on the same host.
    maxSocketsPerOrigin: maxSockets,
    clock,
  });
  resources.add('egress', () => egress.close());
  return egress;
};

const gaugeQueues = ({ dispatcher, finishedAttempts }: Engine, { metrics }: DeliveryContext): void => {
  const { queued, queuedBytes, delayed, inFlight, unrecorded, queues, remembered } = metrics.handles;
  queued.collect((read) => read.set({}, dispatcher.queue.queued));
  queuedBytes.collect((read) => read.set({}, dispatcher.queue.queuedBytes));
  delayed.collect((read) => read.set({}, dispatcher.delayed));
  inFlight.collect((read) => read.set({}, dispatcher.queue.inFlight));
  unrecorded.collect((read) => read.set({}, dispatcher.unrecorded));
  queues.collect((read) => read.set({}, dispatcher.queue.queues));
  remembered.collect((read) => read.set({}, finishedAttempts.size));
};

const gaugeOrderedQueues = ({ ordering }: Engine, { metrics }: DeliveryContext): void => {
  metrics.handles.orderedQueues.collect((read) => read.set({}, ordering.orderedQueues.count));
  metrics.handles.orderedCommands.collect((read) => read.set({}, ordering.orderedQueues.waiting));
  metrics.handles.cachedBodyBytes.collect((read) => read.set({}, ordering.bodies.bytes));
};

const gaugeEndpoints = ({ endpointStates }: Engine, { metrics }: DeliveryContext): void => {
  metrics.handles.breakers.collect((read) => {
    const counts = { closed: 0, open: 0, 'half-open': 0 };
    for (const { breaker } of endpointStates.values()) counts[breaker.state] += 1;
    for (const [state, count] of Object.entries(counts)) read.set({ state }, count);
  });
  metrics.handles.deferred.collect((read) => {
    let deferred = 0;
    for (const endpointState of endpointStates.values()) deferred += endpointState.deferred;
    read.set({}, deferred);
  });
};

const gaugeRungs = (relay: Relay, { metrics, clock }: DeliveryContext): void => {
  const oldestAgeMs = ({ topic }: Rung): number => {
    const nowMs = clock.nowMs();
    const ages = Array.from(
      { length: topic.partitions },
      (_, partition) => nowMs - (relay.headTimestampMs({ topic: topic.name, partition }) ?? nowMs),
    );
    return Math.max(0, ...ages);
  };
  metrics.handles.rungAge.collect((read) => {
    for (const rung of rungs) read.set({ rung: rung.label }, oldestAgeMs(rung) / 1_000);
  });
  metrics.handles.rungOverdue.collect((read) => {
    for (const rung of rungs)
      read.set({ rung: rung.label }, Math.max(0, oldestAgeMs(rung) - rung.delayMs) / 1_000);
  });
};

/** Starts the engine and its health checks. */
const work = async (opened: OpenEngine, context: DeliveryContext): Promise<void> => {
  const { health, resources, clock } = context;
  const deliveries = health.register('deliveries');
  const subscriptions = health.register('subscriptions');
  const erasures = health.register('erasures');
  const retries = health.register('relays');
  const { runner, relay }: RunningEngine = await startEngine(opened, context);
  gaugeQueues(opened.engine, context);
  gaugeEndpoints(opened.engine, context);
  gaugeOrderedQueues(opened.engine, context);
  if (relay !== null) gaugeRungs(relay, context);
  const watched: readonly WatchedPart[] = [
    { part: deliveries, problem: () => problemOf(runner.state()) },
    {
      part: subscriptions,
      problem: () => (opened.table.isStale() ? 'the brokers are unreachable' : null),
    },
    {
      part: erasures,
      problem: () => (opened.erasures.isStale() ? 'the brokers are unreachable' : null),
    },
    { part: retries, problem: () => (relay === null ? null : problemOf(relay.state())) },
  ];
  const stopWatching = watchWorkers(watched, clock);
  resources.add('watches', stopWatching);
  if (relay !== null) resources.add('due counts', countDue(opened.bus, relay, context));
};

/** Opens all dependencies and starts the engine in the background: /ready reports its progress. */
export const startDelivery = async (context: DeliveryContext): Promise<{ url: string }> => {
  const { metrics } = context;
  const server = await serve(context, {});
  const bus = await openBus(context);
  const egress = openEgress(context, server.url);
  const countRepeat = () => metrics.handles.repeatsInPlace.inc({});
  const send: SendRequest = (request) => sendWithRepeat(egress, request, countRepeat);
  const opened = await openEngine(bus, send, context);
  startInBackground(context, () => work(opened, context));
  return { url: server.url };
};

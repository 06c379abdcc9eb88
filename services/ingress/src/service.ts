import { openAccess } from '@tidings/access';
import { mountRoutes, serve } from '@tidings/http';
import { type Bus, openBus, openProducer } from '@tidings/kafka';
import { inSpan, type ServiceContext } from '@tidings/observability';
import { createAcceptEvent, type Submission } from './accept-event.ts';
import { createAcceptEventBatch } from './accept-event-batch.ts';
import { awaitEventLog } from './adapters/await-event-log.ts';
import { createEventPublisher } from './adapters/event-publisher.ts';
import { eventRoutes } from './adapters/event-routes.ts';
import { openEventTypeTable } from './adapters/event-type-table.ts';
import { rejectLoops } from './adapters/reject-loops.ts';
import { SeenNames } from './adapters/seen-names.ts';
import { createCheckConsumer } from './check-consumer.ts';
import { createCheckEventType } from './check-event-type.ts';
import { type configSpec, maxBatchBytes, maxBatchEvents } from './config.ts';
import type { metricsCatalogue } from './metrics.ts';
import type { EventTypeDirectory, PolicyOf } from './ports.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** Starts ingress. Tests pass another bus as `connect`. */
export async function startIngress(
  context: Context,
  connect: (context: Context) => Promise<Bus> = openBus,
): Promise<{ url: string }> {
  const { config, logger, metrics, health, resources, clock } = context;
  const bus = await connect(context);
  const producer = await openProducer(context, bus);
  const part = health.register('event-log');
  resources.add('event log probe', awaitEventLog({ bus, part, clock, logger }));

  const publish = createEventPublisher({ producer, deadlineMs: config.publishDeadlineMs });
  const { authenticate, table } = await openAccess(context, { bus, producer });
  const policyOf: PolicyOf = (id) => table.workspace(id)?.eventTypePolicy ?? 'strict';
  const checkConsumer = createCheckConsumer({
    policyOf,
    isKnown: (workspace, consumer) => table.consumer(workspace, consumer) !== undefined,
  });
  const seenNames = new SeenNames(producer, logger);
  const checkEventType = createCheckEventType({
    eventTypes: await openEventTypes(bus, context),
    policyOf,
    onUnregistered: (id, name) => seenNames.report(id, name),
    logger,
    metrics: metrics.handles,
  });
  const dependencies = { checkConsumer, checkEventType, publish, clock, logger, metrics: metrics.handles };
  const routes = eventRoutes({
    acceptEvent: withSpan('accept-event', createAcceptEvent(dependencies)),
    acceptEventBatch: withSpan('accept-event-batch', createAcceptEventBatch(dependencies)),
    limits: { maxEventBytes: config.maxEventBytes, maxBatchBytes, maxBatchEvents },
  });
  // Opened last, so that it closes first: no further requests, and later the producer sends its buffered records.
  const server = await serve(context, {
    // Each route has its own limit and quotes it.
    maxBodyBytes: Number.MAX_SAFE_INTEGER,
    routes: (app) => {
      app.use('/v1', rejectLoops(config.loopId, metrics.handles));
      mountRoutes(app, routes, {
        authenticate,
        requestsPerSecond: config.requestsPerSecond,
      });
    },
  });
  return { url: server.url };
}

/** Runs a use case inside a span of its request's trace. */
const withSpan =
  <I, R>(name: string, useCase: (input: I, submission: Submission) => Promise<R>) =>
  async (input: I, submission: Submission): Promise<R> =>
    inSpan(name, submission.traceparent, async (traceparent) =>
      useCase(input, { ...submission, traceparent }),
    );

async function openEventTypes(bus: Bus, { logger, metrics, health }: Context): Promise<EventTypeDirectory> {
  const part = health.register('event-types');
  const eventTypes = await openEventTypeTable({
    bus,
    logger,
    onUnusable: (count) => metrics.handles.unusableEventTypes.set({}, count),
  });
  // If the brokers become unavailable later, the types stay as last read.
  void eventTypes.ready().then(() => part.up());
  return eventTypes;
}

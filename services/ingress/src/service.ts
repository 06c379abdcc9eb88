import { type Access, openAccess } from '@tidings/access';
import type { WorkspaceId } from '@tidings/contracts';
import { mountRoutes, type Route, serve } from '@tidings/http';
import { type Bus, openBus, openProducer, type Producer } from '@tidings/kafka';
import { openStorage, watchedStorage } from '@tidings/object-storage';
import { measureDisks, type ServiceContext, type WatchedFolder } from '@tidings/observability';
import { keyRing } from '@tidings/runtime';
import { type AcceptDependencies, createAcceptEvent } from './accept-event.ts';
import { createAcceptEventBatch } from './accept-event-batch.ts';
import { awaitEventLog } from './adapters/await-event-log.ts';
import { readLine } from './adapters/event-reader.ts';
import { eventRoutes, readWhole } from './adapters/event-routes.ts';
import { openEventTypeTable } from './adapters/event-type-table.ts';
import { rejectLoops } from './adapters/reject-loops.ts';
import { SeenNames } from './adapters/seen-names.ts';
import { sourceRoute } from './adapters/source-routes.ts';
import { openSourceTable } from './adapters/source-table.ts';
import type { RequestAdmission } from './admission/admit-request.ts';
import { openAdmission } from './admission/open-admission.ts';
import { createCheckConsumer } from './check-consumer.ts';
import { createCheckEventType } from './check-event-type.ts';
import { type configSpec, maxBatchBytes, maxBatchEvents } from './config.ts';
import { createAcceptLargeEvent } from './large-data/accept-large-event.ts';
import { UploadSlots } from './large-data/upload-slots.ts';
import type { Staging } from './large-data/with-staged.ts';
import type { metricsCatalogue } from './metrics.ts';
import { createAcceptEventLines } from './ndjson/accept-event-lines.ts';
import type { EventTypeDirectory, PolicyOf, PublishEvents } from './ports.ts';
import { createAdmitWebhook } from './received/admit-webhook.ts';
import { createReceiveWebhook } from './received/receive-webhook.ts';
import { ReceivedLog } from './received/received-log.ts';
import { type KeptTables, openKeptTables } from './snapshot/open-kept-tables.ts';
import { openSpool } from './spool/open-spool.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** Starts ingress. Tests pass another bus as `connect`. */
export async function startIngress(
  context: Context,
  connect: (context: Context) => Promise<Bus> = openBus,
): Promise<{ url: string }> {
  const { config, logger, metrics, health, resources, clock } = context;
  const bus = await connect(context);
  const producer = await openProducer(context, bus);
  const publish = await openSpool(context, producer);
  await measureDisks(context, foldersOf(context));
  const kept = await openKeptTables(context, bus);
  const { isComplete } = kept;
  const part = health.register('event-log');
  // With what it knew before, it can serve while the brokers are away, as one that loses them later.
  if (kept.isRestored) part.up();
  else resources.add('event log probe', awaitEventLog({ bus, part, clock, logger }));
  const access = await openAccess(context, { bus: kept.bus, producer, isComplete });
  const { authenticate, table } = access;
  const policyOf: PolicyOf = (id) => table.workspace(id)?.eventTypePolicy ?? 'strict';
  const checkConsumer = createCheckConsumer({
    policyOf,
    isKnown: (workspace, consumer) => table.consumer(workspace, consumer) !== undefined,
  });
  const seenNames = new SeenNames(producer, logger);
  const eventTypes = await openEventTypes(kept.bus, context);
  const checkEventType = createCheckEventType({
    eventTypes,
    policyOf,
    onUnregistered: (id, name) => seenNames.report(id, name),
    logger,
    metrics: metrics.handles,
  });
  const dependencies = { checkConsumer, checkEventType, publish, clock, logger, metrics: metrics.handles };
  const staging = openStaging(context);
  const large = { ...dependencies, ...staging, readEnvelope: readWhole };
  const admission = openAdmission(context, table);
  const sourceParts = { kept, producer, access, publish, eventTypes, seenNames, staging, admission };
  const routes = [
    ...eventRoutes({
      admission,
      ...useCasesOf(dependencies, config.maxEventBytes),
      acceptLargeEvent: createAcceptLargeEvent(large),
      limits: { ...config, maxBatchBytes, maxBatchEvents },
    }),
    await openSources(context, sourceParts),
  ];
  // Opened last, so that it closes first: no further requests, and later the producer sends its buffered records.
  return openServer(context, { routes, admission, authenticate });
}

type ServerParts = Readonly<{
  routes: readonly Route[];
  admission: RequestAdmission;
  authenticate: Access['authenticate'];
}>;

async function openServer(
  context: Context,
  { routes, admission, authenticate }: ServerParts,
): Promise<{ url: string }> {
  const { config, metrics } = context;
  const { url } = await serve(context, {
    // Each route has its own limit and quotes it.
    maxBodyBytes: Number.MAX_SAFE_INTEGER,
    refuse: (request) => admission.refuseEarly(request),
    routes: (app) => {
      app.use('/v1', rejectLoops(config.loopId, metrics.handles));
      mountRoutes(app, routes, { authenticate, requestsPerSecond: config.requestsPerSecond });
    },
  });
  return { url };
}

function useCasesOf(dependencies: AcceptDependencies, maxLineBytes: number) {
  const acceptEventBatch = createAcceptEventBatch(dependencies);
  const acceptEventLines = createAcceptEventLines({ acceptEventBatch, read: readLine, maxLineBytes });
  return {
    acceptEvent: createAcceptEvent(dependencies),
    acceptEventBatch,
    acceptEventLines,
  };
}

/** Returns the folders of this service on a local disk. */
const foldersOf = ({ config }: Context): readonly WatchedFolder[] => [
  ...(config.spoolDir === undefined ? [] : [{ folder: 'spool', path: config.spoolDir } as const]),
  ...(config.maxLargeEventBytes === 0 ? [] : watchedStorage(config)),
];

/** Opens the object storage for data that are too large for a record. */
function openStaging({ config, metrics, resources, logger }: Context): Staging {
  const storage = openStorage(config);
  resources.add('object storage', async () => storage.close());
  const slots = new UploadSlots();
  metrics.handles.uploads.collect((gauge) => gauge.set({}, slots.taken));
  return { storage, slots, logger };
}

async function openEventTypes(
  bus: KeptTables['bus'],
  { logger, metrics, health }: Context,
): Promise<EventTypeDirectory> {
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

type SourceParts = Readonly<{
  kept: KeptTables;
  producer: Producer;
  access: Access;
  publish: PublishEvents;
  eventTypes: EventTypeDirectory;
  seenNames: SeenNames;
  staging: Staging;
  admission: RequestAdmission;
}>;

/** Opens the sources and returns the route that receives their webhooks. */
async function openSources(
  { config, clock, logger, metrics, health, resources }: Context,
  { kept, producer, access, seenNames, staging, ...parts }: SourceParts,
): Promise<Route> {
  const part = health.register('sources');
  const table = await openSourceTable(kept.bus);
  let isLoaded = false;
  // If the brokers become unavailable later, the sources and workspaces stay as last read.
  void Promise.all([table.ready(), access.ready()]).then(() => {
    isLoaded = true;
    part.up();
  });
  const received = new ReceivedLog({ producer, clock, logger, metrics: metrics.handles });
  resources.add('received log', async () => received.close());
  const receiving = {
    ...{ ...parts, clock, logger, metrics: metrics.handles, ring: keyRing(config.sealingKeys) },
    ...{ ...staging, received, publishDeadlineMs: config.publishDeadlineMs },
    maxLargeBytes: config.maxLargeEventBytes,
    sources: { find: table.find, isLoaded: () => isLoaded, isComplete: kept.isComplete },
    stateOf: (id: WorkspaceId) => access.table.workspace(id)?.state,
    onUnregistered: (id: WorkspaceId, name: string) => seenNames.report(id, name, { isReceived: true }),
  };
  const receiveWebhook = createReceiveWebhook(receiving);
  const admitWebhook = createAdmitWebhook(receiving);
  const { admission } = parts;
  const maxLargeBytes = config.maxLargeEventBytes;
  return sourceRoute({ receiveWebhook, admitWebhook, admission, maxLargeBytes, clock });
}

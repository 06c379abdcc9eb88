import { isEventTypeName, type WorkspaceId } from '@tidings/contracts';
import type { Bus, Producer } from '@tidings/kafka';
import type { ServiceContext } from '@tidings/observability';
import type { configSpec } from '../../config.ts';
import type { Reader } from '../../follow-topics.ts';
import type { metricsCatalogue } from '../../metrics.ts';
import type { Documents } from '../../registry/documents.ts';
import type { EventCatalogue, KnownType } from '../../subscriptions/ports.ts';
import { unknownEventFaults } from '../check-event-names.ts';
import { type EventType, schemaJsonOf } from '../domain/event-type.ts';
import { limits } from '../domain/limits.ts';
import { findMatchedTypes } from '../find-matched-types.ts';
import { recordSeenType } from '../record-seen-type.ts';
import { consumeSeenTypes, seenTypeReporter } from './kafka-seen-types.ts';

type Parts = Readonly<{
  bus: Bus;
  producer: Producer;
  eventTypes: Documents<EventType>;
  /** Returns false also for a missing workspace, so that a name from it does not block other names. */
  isOpen(id: WorkspaceId): Promise<boolean>;
}>;

const knownTypeOf = (eventType: EventType): KnownType => ({
  name: eventType.name,
  schemaJson: schemaJsonOf(eventType, eventType.activeSchema) ?? null,
  exampleJson: eventType.settings.exampleJson,
});

/** Returns the lookup of event types against which filters are checked. */
export const catalogueTypes =
  (store: Documents<EventType>['store']): EventCatalogue['typesOf'] =>
  async (scope, events) =>
    (await findMatchedTypes(store, scope, events))?.map(knownTypeOf) ?? null;

/** Opens the catalogue for subscriptions, and the reader of unregistered names. */
export function openCatalogue(
  context: ServiceContext<typeof configSpec, typeof metricsCatalogue>,
  { bus, producer, eventTypes, isOpen }: Parts,
): EventCatalogue & Readonly<{ reader: Reader }> {
  const { config, logger, clock, metrics } = context;
  const reportSeen = seenTypeReporter(producer, logger);
  const noting = { ...eventTypes, isOpen, maxSeen: limits.seenTypesPerWorkspace };
  return {
    onListed: (id, events) => reportSeen(id, events.filter(isEventTypeName)),
    faultsOf: async (scope, events) => {
      if (events.length === 0 || (await isOpen(scope.workspaceId))) return [];
      return unknownEventFaults(eventTypes.store, scope, events);
    },
    typesOf: catalogueTypes(eventTypes.store),
    reader: {
      name: 'seen-event-types',
      group: `${config.healthGroup}-seen-types`,
      // An interrupted name is recorded again by the next reader of the partition; recording is idempotent.
      drainMs: 0,
      open: async (group) =>
        consumeSeenTypes({
          bus,
          group,
          note: async (seen) => {
            const outcome = await recordSeenType(noting, seen);
            metrics.handles.seenTypes.inc({ outcome });
          },
          clock,
          logger,
        }),
    },
  };
}

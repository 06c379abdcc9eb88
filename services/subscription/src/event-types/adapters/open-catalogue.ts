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
  /** False also for a workspace that is not there: a name from it must hold up no other. */
  isOpen(id: WorkspaceId): Promise<boolean>;
}>;

const knownTypeOf = (eventType: EventType): KnownType => ({
  name: eventType.name,
  schemaJson: schemaJsonOf(eventType, eventType.activeSchema) ?? null,
  exampleJson: eventType.settings.exampleJson,
});

/** The part of the catalogue that filters are compared with. */
export const catalogueTypes =
  (store: Documents<EventType>['store']): EventCatalogue['typesOf'] =>
  async (scope, events) =>
    (await findMatchedTypes(store, scope, events))?.map(knownTypeOf) ?? null;

/** What subscriptions ask of the catalogue, and the reader of names that come up by themselves. */
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
      // One that is being noted is noted again by whoever reads on: saying it twice changes nothing.
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

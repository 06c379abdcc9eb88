import { type EventId, sourceIdRule } from '@tidings/contracts';
import { type Principal, pageReply, type Route, route } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import { tenantScopeOf } from '../../adapters/tenant-scope.ts';
import type { DeliveryStore, OutcomeCounts } from '../../deliveries/ports.ts';
import { countsView } from '../../events/adapters/event-view.ts';
import type { StoredEvent } from '../../events/domain/event.ts';
import type { EventStore } from '../../events/ports.ts';
import type { ReceivedWebhook } from '../domain/received-webhook.ts';
import type { ReceivedStore } from '../ports.ts';
import type { KnownSources } from './known-sources.ts';
import { readReceivedQuery, receivedListQuery } from './received-query.ts';
import { receivedPageSchema } from './received-schemas.ts';

/** The dependencies of the route. */
export type ReceivedRouteParts = Readonly<{
  received: Pick<ReceivedStore, 'list'>;
  sources: Pick<KnownSources, 'isOf'>;
  events: Pick<EventStore, 'findAll'>;
  deliveries: Pick<DeliveryStore, 'countByEvent'>;
}>;

type Beside = Readonly<{
  events: ReadonlyMap<EventId, StoredEvent>;
  counts: ReadonlyMap<EventId, OutcomeCounts>;
}>;

const viewOf = (webhook: ReceivedWebhook, { events, counts }: Beside): object => {
  const [first] = webhook.eventIds;
  return {
    id: webhook.id,
    received_at: new Date(webhook.atMs).toISOString(),
    source_id: webhook.sourceId,
    provider: webhook.provider,
    outcome: webhook.outcome,
    reason: webhook.reason,
    count: webhook.count,
    size_bytes: webhook.bytes,
    type: webhook.eventType,
    // From the event, so that an erasure of the event covers it.
    provider_id: first === undefined ? null : (events.get(first)?.callerId ?? null),
    event_count: webhook.events,
    event_ids: webhook.eventIds,
    spooled: webhook.isSpooled === true,
    deliveries: first === undefined ? null : countsView(counts.get(first) ?? {}),
  };
};

function requireWholeWorkspace({ consumerId }: Principal): void {
  if (consumerId === null) return;
  const message = 'Sources belong to the workspace: a key of one consumer cannot read what they received.';
  throw new AppError({ code: 'forbidden', message });
}

/** Declares the route for what a source received. */
export const receivedRoutes = ({ received, sources, events, deliveries }: ReceivedRouteParts): Route[] => [
  route({
    operationId: 'listReceivedWebhooks',
    method: 'GET',
    path: '/v1/webhooks/sources/{id}/received',
    access: 'deliveries:read',
    tag: 'Sources',
    summary: 'List what a source received, newest first',
    description:
      'Accepted webhooks with their events and how those were delivered, and refused ones with the reason, without their content. An entry appears some two seconds after the webhook, or after its events have left the spool of ingress. Those of a deleted source stay for the retention of the workspace.',
    params: { id: { ...sourceIdRule, description: 'The id of the source.' } },
    query: receivedListQuery,
    responses: { 200: { description: 'A page.', schema: receivedPageSchema, headers: ['Link'] } },
    handle: async ({ params, query, principal, request }) => {
      requireWholeWorkspace(principal);
      const { filters, page, cursorAfter } = readReceivedQuery(params.id, query, principal);
      const found = await received.list(filters, { ...page, limit: page.limit + 1 });
      // A deleted source leaves what it received until its retention has passed.
      if (found.length === 0 && !sources.isOf(filters.sourceId, filters.workspaceId)) {
        throw new AppError({ code: 'not-found', message: `There is no source '${params.id}'.` });
      }
      const listed = found.slice(0, page.limit);
      const ids = [...new Set(listed.flatMap(({ eventIds }) => eventIds.slice(0, 1)))];
      const scope = tenantScopeOf(principal);
      const [known, counts] = await Promise.all([
        events.findAll(ids, scope),
        deliveries.countByEvent(ids, scope),
      ]);
      return pageReply(request, {
        data: listed.map((webhook) => viewOf(webhook, { events: known, counts })),
        nextCursor: cursorAfter(found.length > page.limit ? (listed.at(-1)?.id ?? null) : null),
      });
    },
  }),
];

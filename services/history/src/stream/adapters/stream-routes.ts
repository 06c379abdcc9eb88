import { acceptWebSocket, isWebSocketRequest, type Principal, type Route, route } from '@tidings/http';
import type { LiveStreams } from '../live-streams.ts';
import { openEventStream } from './event-stream-sink.ts';
import { resumePosition, selectionOf, streamQuery } from './stream-query.ts';
import { streamSchema, ticketSchema } from './stream-schemas.ts';
import type { StreamTickets } from './stream-ticket.ts';
import { webSocketSink } from './web-socket-sink.ts';

/** The dependencies of the routes. */
export type StreamRouteParts = Readonly<{
  streams: Pick<LiveStreams, 'open'>;
  tickets: StreamTickets;
  isStillValid: (principal: Principal) => boolean;
}>;

const description = `Server-sent events, or a WebSocket for a request with \`Upgrade: websocket\`: each accepted event, each
request to an endpoint, and each change of a delivery's state that the key may see. Messages of one delivery keep their
order; those of different deliveries have none. A WebSocket receives each as \`{"event","id","data"}\`.

The \`id\` of a message is a position: send the last one as \`Last-Event-ID\` or \`last_event_id\` to go on after it, at
any instance. What is no longer in reach is announced by \`event: gap\`. A heartbeat follows 15 s without a message. A
reader with more than 1 MiB unsent is dropped. The stream ends within 5 s after its key was revoked, its token has
expired, or its session was signed out. A browser gets a ticket first (\`POST /v1/webhooks/stream-tickets\`).`;

// The sessions of one consumer count together, whichever tokens they have.
const callerOf = ({ workspaceId, consumerId, keyId }: Principal): string =>
  consumerId === null ? keyId : `${workspaceId}/${consumerId}`;

/** Declares the stream and its tickets. */
export const streamRoutes = (parts: StreamRouteParts): Route[] => [openRoute(parts), ticketRoute(parts)];

const openRoute = ({ streams, tickets, isStillValid }: StreamRouteParts): Route =>
  route({
    operationId: 'openStream',
    method: 'GET',
    path: '/v1/webhooks/stream',
    access: 'deliveries:read',
    tag: 'Stream',
    summary: 'Follow events, attempts and states live',
    description,
    query: streamQuery,
    redeemTicket: async (ticket) => tickets.redeem(ticket, isStillValid),
    responses: {
      200: { description: 'The stream; it has no end.', type: 'text/event-stream', schema: streamSchema },
    },
    handle: async ({ principal, query, request, response }) => {
      const resumeAt = resumePosition(request, query);
      const selection = selectionOf(query, principal);
      if (request.method === 'HEAD') {
        response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).end();
        return undefined;
      }
      await streams.open({
        ...{ selection, resumeAt, caller: callerOf(principal) },
        isAllowed: () => isStillValid(principal),
        connect: async () =>
          isWebSocketRequest(request)
            ? webSocketSink(await acceptWebSocket(request))
            : openEventStream(response),
      });
      return undefined;
    },
  });

const ticketRoute = ({ tickets }: StreamRouteParts): Route =>
  route({
    operationId: 'createStreamTicket',
    method: 'POST',
    path: '/v1/webhooks/stream-tickets',
    access: 'deliveries:read',
    tag: 'Stream',
    summary: 'Create a ticket for a stream',
    description:
      'For browsers, which cannot send a key with EventSource or WebSocket: `GET /v1/webhooks/stream?ticket=…` opens one stream with the scope of this key within 60 seconds. Never put a key into a URL.',
    // It stores nothing, and each call returns another ticket.
    idempotency: 'read-only',
    responses: { 201: { description: 'The ticket.', schema: ticketSchema } },
    handle: async ({ principal }) => {
      const { ticket, expiresAtMs } = tickets.issue(principal);
      return { status: 201, body: { ticket, expires_at: new Date(expiresAtMs).toISOString() } };
    },
  });

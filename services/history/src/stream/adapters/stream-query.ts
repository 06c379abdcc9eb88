import type { IncomingMessage } from 'node:http';
import { eventTypeNameMaxLength } from '@tidings/contracts';
import { type Principal, queryOf } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import { tenantScopeOf } from '../../adapters/tenant-scope.ts';
import { type DeliveryStatus, deliveryStatuses } from '../../deliveries/domain/delivery.ts';
import { decodeStreamId, maxIdLength } from '../domain/stream-id.ts';
import { type MessageKind, messageKinds } from '../domain/stream-message.ts';
import type { StreamPosition } from '../domain/stream-position.ts';
import type { Selection } from '../selections.ts';

/** The query of a stream. Lists are separated by commas. */
export type StreamQuery = Readonly<{
  kinds?: string;
  types?: string;
  status?: string;
  subscription_id?: string;
  consumer_id?: string;
  last_event_id?: string;
}>;

const maxTypes = 20;
const listOf = (item: string, max: number): string => `^(?:${item})(?:,(?:${item})){0,${max - 1}}$`;
const name = '[a-zA-Z0-9_]+';

/** The schema of the query. */
export const streamQuery = queryOf<StreamQuery>({
  kinds: {
    type: 'string',
    pattern: listOf(messageKinds.join('|'), messageKinds.length),
    description: `Only messages of these kinds: ${messageKinds.join(', ')}, separated by commas.`,
  },
  types: {
    type: 'string',
    pattern: listOf(`\\*|${name}(?:\\.${name})*(?:\\.\\*)?`, maxTypes),
    maxLength: maxTypes * (eventTypeNameMaxLength + 1),
    description: `Only messages about events of these types, such as \`order.paid\` or \`order.*\`, at most ${maxTypes}, separated by commas.`,
  },
  status: {
    type: 'string',
    pattern: listOf(deliveryStatuses.join('|'), deliveryStatuses.length),
    description: `Only attempts and states with these statuses of the delivery: ${deliveryStatuses.join(', ')}, separated by commas.`,
  },
  subscription_id: {
    type: 'string',
    pattern: '^sub_[0-9A-Za-z]{1,64}$',
    description: 'Only attempts and states of deliveries to this subscription.',
  },
  consumer_id: {
    type: 'string',
    minLength: 1,
    maxLength: 128,
    description: 'Only events that are addressed to this consumer, and deliveries to its subscriptions.',
  },
  last_event_id: {
    type: 'string',
    minLength: 1,
    maxLength: maxIdLength,
    description:
      'The id of the last message that was received, as the header Last-Event-ID, which takes precedence.',
  },
});

const itemsOf = <T extends string>(text: string | undefined): readonly T[] =>
  text === undefined ? [] : ([...new Set(text.split(','))].sort() as T[]);

/** Returns what a caller may see and asks for. */
export const selectionOf = (query: StreamQuery, principal: Principal): Selection => ({
  scope: tenantScopeOf(principal),
  filter: {
    kinds: itemsOf<MessageKind>(query.kinds),
    types: itemsOf(query.types),
    statuses: itemsOf<DeliveryStatus>(query.status),
    subscriptionId: query.subscription_id ?? null,
    consumerId: query.consumer_id ?? null,
  },
});

/**
 * Returns the position after the last message that a caller has received; null if it names none. Throws AppError
 * `invalid-request` (400) for an id that is none.
 */
export function resumePosition({ headers }: IncomingMessage, query: StreamQuery): StreamPosition | null {
  const header = headers['last-event-id'];
  // An empty id is what EventSource has before its first message.
  const given = typeof header === 'string' && header !== '' ? header : query.last_event_id;
  if (given === undefined) return null;
  const decoded = decodeStreamId(given);
  if (decoded !== null) return decoded.position;
  const detail = `last_event_id must be the id of a message of this stream, got '${given.slice(0, 40)}'.`;
  throw new AppError({
    code: 'invalid-request',
    message: detail,
    details: [{ pointer: '/last_event_id', detail }],
  });
}

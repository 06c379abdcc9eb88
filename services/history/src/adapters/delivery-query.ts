import {
  consumerId,
  eventId,
  isEventId,
  isEventTypeName,
  subscriptionId,
  workspaceId,
} from '@tidings/contracts';
import type { Principal } from '@tidings/http';
import { decodeCursor, encodeCursor, pageLimit } from '@tidings/http';
import { AppError, type ErrorDetail } from '@tidings/runtime';
import { type DeliveryStatus, deliveryStatuses } from '../domain/delivery.ts';
import type { DeliveryFilters, ListPosition } from '../ports.ts';

type Rule = Readonly<{ isValid: (text: string) => boolean; wanted: string }>;

const rules: Readonly<Record<string, Rule>> = {
  event_id: { isValid: isEventId, wanted: "an event id ('evt_' and 32 hex digits)" },
  subscription_id: {
    isValid: (text) => /^sub_[0-9A-Za-z]{1,64}$/.test(text),
    wanted: "a subscription id ('sub_…')",
  },
  status: {
    isValid: (text) => deliveryStatuses.some((status) => status === text),
    wanted: `one of ${deliveryStatuses.join(', ')}`,
  },
  consumer_id: { isValid: (text) => text.length >= 1 && text.length <= 128, wanted: 'a consumer id' },
  event_type: { isValid: isEventTypeName, wanted: "an event type name, such as 'order.paid'" },
};

const known = [...Object.keys(rules), 'limit', 'cursor'];

const refuse = (details: readonly ErrorDetail[]): AppError =>
  new AppError({
    code: 'invalid-request',
    message: details.map(({ detail }) => detail).join(' '),
    details,
  });

const readParameters = (query: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> => {
  const details: ErrorDetail[] = [];
  const read: Record<string, string> = {};
  for (const [name, value] of Object.entries(query)) {
    const pointer = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const rule = rules[name];
    if (!known.includes(name)) {
      const detail = `There is no parameter '${name.slice(0, 60)}': there are ${known.join(', ')}.`;
      details.push({ pointer, detail });
    } else if (typeof value !== 'string') {
      details.push({ pointer, detail: `${name} must be given once.` });
    } else if (rule !== undefined && !rule.isValid(value)) {
      details.push({ pointer, detail: `${name} must be ${rule.wanted}, got '${value.slice(0, 60)}'.` });
    } else read[name] = value;
  }
  if (details.length > 0) throw refuse(details);
  return read;
};

const filtersOf = (read: Readonly<Record<string, string>>, principal: Principal): DeliveryFilters => {
  const { event_id, subscription_id, status, consumer_id, event_type } = read;
  return {
    ...wallsOf(principal),
    ...(event_id === undefined ? {} : { eventId: eventId(event_id) }),
    ...(subscription_id === undefined ? {} : { subscriptionId: subscriptionId(subscription_id) }),
    ...(status === undefined ? {} : { status: status as DeliveryStatus }),
    ...(consumer_id === undefined ? {} : { consumerId: consumerId(consumer_id) }),
    ...(event_type === undefined ? {} : { eventType: event_type }),
  };
};

const positionOf = (value: unknown): ListPosition => {
  const [createdAtMs, key] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  if (typeof createdAtMs !== 'number' || !Number.isSafeInteger(createdAtMs) || typeof key !== 'string') {
    throw refuse([{ pointer: '/cursor', detail: 'The cursor is malformed: start again without a cursor.' }]);
  }
  return { createdAtMs, key };
};

/** What a principal can see at all. */
export const wallsOf = (principal: Principal): Pick<DeliveryFilters, 'workspaceId' | 'ownerId'> => ({
  workspaceId: workspaceId(principal.workspaceId),
  ownerId: principal.consumerId === null ? null : consumerId(principal.consumerId),
});

/** What a list request asks for; `cursorAt` writes the cursor of a position in this very list. */
export type DeliveryQuery = Readonly<{
  filters: DeliveryFilters;
  limit: number;
  after: ListPosition | null;
  cursorAt: (position: ListPosition) => string;
}>;

/** Reads the query of a list request. Throws AppError `invalid-request` with a pointer to each parameter that is wrong. */
export const readDeliveryQuery = (
  query: Readonly<Record<string, unknown>>,
  principal: Principal,
): DeliveryQuery => {
  const read = readParameters(query);
  const limit = pageLimit(read['limit']);
  const filters = filtersOf(read, principal);
  const { cursor, limit: _limit, ...given } = read;
  const binding = { workspaceId: principal.workspaceId, filters: { ...given, owner: filters.ownerId } };
  return {
    filters,
    limit,
    after: cursor === undefined ? null : positionOf(decodeCursor(cursor, binding)),
    cursorAt: ({ createdAtMs, key }) => encodeCursor([createdAtMs, key], binding),
  };
};

import type { DeliveryStatus } from '../../deliveries/domain/delivery.ts';
import type { TenantScope } from '../../domain/tenant-scope.ts';
import type { MessageKind, StreamMessage } from './stream-message.ts';

/**
 * The messages that a reader wants. An empty list allows all. A message without the field that a filter names (an event
 * has neither subscription nor status) is left out.
 */
export type StreamFilter = Readonly<{
  kinds: readonly MessageKind[];
  /** Full names, `order.*`, or `*`. */
  types: readonly string[];
  statuses: readonly DeliveryStatus[];
  subscriptionId: string | null;
  consumerId: string | null;
}>;

const matchesType = (pattern: string, type: string): boolean => {
  if (pattern === '*' || pattern === type) return true;
  return pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1));
};

/** Returns true if a scope includes the message: tenant isolation of the stream. */
export const isVisible = ({ workspaceId, ownerId }: TenantScope, message: StreamMessage): boolean =>
  message.workspaceId === workspaceId &&
  (ownerId === null || message.isBroadcast || message.consumerId === ownerId);

/** Returns true if a filter lets the message through. */
export const isWanted = (filter: StreamFilter, message: StreamMessage): boolean => {
  const { kinds, types, statuses, subscriptionId, consumerId } = filter;
  if (kinds.length > 0 && !kinds.includes(message.kind)) return false;
  if (subscriptionId !== null && message.subscriptionId !== subscriptionId) return false;
  if (consumerId !== null && message.consumerId !== consumerId) return false;
  if (statuses.length > 0 && (message.status === null || !statuses.includes(message.status))) return false;
  return types.length === 0 || types.some((pattern) => matchesType(pattern, message.eventType));
};

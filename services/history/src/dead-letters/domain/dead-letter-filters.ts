import type { ConsumerId, DeadLetterId, DeadLetterReason, EventId, SubscriptionId } from '@tidings/contracts';
import type { TenantScope } from '../../domain/tenant-scope.ts';
import type { DeadLetter, DeadLetterState, deadLetterKinds } from './dead-letter.ts';

/** The scope of a key. `poison`: no poison records, those of its workspace, or also those without a known workspace. */
export type DeadLetterScope = TenantScope & Readonly<{ poison: 'none' | 'own' | 'nobodys' }>;

/** Filters of dead letters. Times are exclusive. */
export type DeadLetterFilters = DeadLetterScope &
  Readonly<{
    id?: DeadLetterId;
    kind?: (typeof deadLetterKinds)[number];
    states?: readonly DeadLetterState[];
    reasons?: readonly DeadLetterReason[];
    eventId?: EventId;
    subscriptionId?: SubscriptionId;
    consumerId?: ConsumerId;
    eventType?: string;
    recordedAfterMs?: number;
    recordedBeforeMs?: number;
    /** Created for a version of the subscription before this one. */
    subscriptionVersionBelow?: number;
  }>;

const isOutsideScope = (
  deadLetter: DeadLetter,
  { workspaceId, ownerId, poison }: DeadLetterScope,
): boolean => {
  const isPoison = deadLetter.ref.kind === 'poison';
  if (isPoison && poison === 'none') return true;
  if (ownerId !== null && deadLetter.consumerId !== ownerId) return true;
  return deadLetter.workspaceId === null ? poison !== 'nobodys' : deadLetter.workspaceId !== workspaceId;
};

/** Returns true if the dead letter matches the filters. The store applies the same conditions in its database. */
export const matches = (deadLetter: DeadLetter, filters: DeadLetterFilters): boolean =>
  !isOutsideScope(deadLetter, filters) &&
  (filters.id === undefined || deadLetter.id === filters.id) &&
  (filters.kind === undefined || deadLetter.ref.kind === filters.kind) &&
  (filters.states === undefined || filters.states.includes(deadLetter.state)) &&
  (filters.reasons === undefined || filters.reasons.includes(deadLetter.reason)) &&
  (filters.eventId === undefined || deadLetter.eventId === filters.eventId) &&
  (filters.subscriptionId === undefined || deadLetter.subscriptionId === filters.subscriptionId) &&
  (filters.consumerId === undefined || deadLetter.consumerId === filters.consumerId) &&
  (filters.eventType === undefined || deadLetter.eventType === filters.eventType) &&
  (filters.recordedAfterMs === undefined || deadLetter.recordedAtMs > filters.recordedAfterMs) &&
  (filters.recordedBeforeMs === undefined || deadLetter.recordedAtMs < filters.recordedBeforeMs) &&
  (filters.subscriptionVersionBelow === undefined ||
    (deadLetter.subscriptionVersion !== null &&
      deadLetter.subscriptionVersion < filters.subscriptionVersionBelow));

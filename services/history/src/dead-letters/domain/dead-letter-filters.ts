import type {
  ConsumerId,
  DeadLetterId,
  DeadLetterReason,
  EventId,
  SubscriptionId,
  WorkspaceId,
} from '@tidings/contracts';
import type { DeadLetter, DeadLetterState, deadLetterKinds } from './dead-letter.ts';

/**
 * What a key can see. `poison`: no poison records at all, those of its workspace, or besides those that nobody can say
 * whose they are.
 */
export type TenantScope = Readonly<{
  workspaceId: WorkspaceId;
  ownerId: ConsumerId | null;
  poison: 'none' | 'own' | 'nobodys';
}>;

/** What dead letters are found by. Times are exclusive. */
export type DeadLetterFilters = TenantScope &
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
    /** Made for a version of the subscription from before this one. */
    subscriptionVersionBelow?: number;
  }>;

const isOutsideScope = (deadLetter: DeadLetter, { workspaceId, ownerId, poison }: TenantScope): boolean => {
  const isPoison = deadLetter.ref.kind === 'poison';
  if (isPoison && poison === 'none') return true;
  if (ownerId !== null && deadLetter.consumerId !== ownerId) return true;
  return deadLetter.workspaceId === null ? poison !== 'nobodys' : deadLetter.workspaceId !== workspaceId;
};

/** True when the filters let the letter through. The store asks the same of its database. */
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

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
export type Walls = Readonly<{
  workspaceId: WorkspaceId;
  ownerId: ConsumerId | null;
  poison: 'none' | 'own' | 'nobodys';
}>;

/** What dead letters are found by. Times are exclusive. */
export type DeadLetterFilters = Walls &
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

const isBehindWalls = (letter: DeadLetter, { workspaceId, ownerId, poison }: Walls): boolean => {
  const isPoison = letter.ref.kind === 'poison';
  if (isPoison && poison === 'none') return true;
  if (ownerId !== null && letter.consumerId !== ownerId) return true;
  return letter.workspaceId === null ? poison !== 'nobodys' : letter.workspaceId !== workspaceId;
};

/** True when the filters let the letter through. The store asks the same of its database. */
export const matches = (letter: DeadLetter, filters: DeadLetterFilters): boolean =>
  !isBehindWalls(letter, filters) &&
  (filters.id === undefined || letter.id === filters.id) &&
  (filters.kind === undefined || letter.ref.kind === filters.kind) &&
  (filters.states === undefined || filters.states.includes(letter.state)) &&
  (filters.reasons === undefined || filters.reasons.includes(letter.reason)) &&
  (filters.eventId === undefined || letter.eventId === filters.eventId) &&
  (filters.subscriptionId === undefined || letter.subscriptionId === filters.subscriptionId) &&
  (filters.consumerId === undefined || letter.consumerId === filters.consumerId) &&
  (filters.eventType === undefined || letter.eventType === filters.eventType) &&
  (filters.recordedAfterMs === undefined || letter.recordedAtMs > filters.recordedAfterMs) &&
  (filters.recordedBeforeMs === undefined || letter.recordedAtMs < filters.recordedBeforeMs) &&
  (filters.subscriptionVersionBelow === undefined ||
    (letter.subscriptionVersion !== null && letter.subscriptionVersion < filters.subscriptionVersionBelow));

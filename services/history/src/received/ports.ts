import type { EventId, RefusalReason, SourceId, WorkspaceId } from '@tidings/contracts';
import type { PurgedByWorkspace } from '../purge-expired.ts';
import type { ReceivedOutcome, ReceivedWebhook } from './domain/received-webhook.ts';

/** Filters of the webhooks of a source. Times are exclusive. */
export type ReceivedFilters = Readonly<{
  workspaceId: WorkspaceId;
  sourceId: SourceId;
  outcome?: ReceivedOutcome;
  reason?: RefusalReason;
  eventType?: string;
  eventId?: EventId;
  afterMs?: number;
  beforeMs?: number;
}>;

/** The webhooks that sources received. All methods reject with AppError `unavailable` if the store cannot be reached. */
export type ReceivedStore = Readonly<{
  /** Stores new webhooks; an existing one stays unchanged. */
  insert(webhooks: readonly ReceivedWebhook[]): Promise<void>;
  /** Returns the id of the earliest webhook of each of these events that is no repeat, as far as there is one. */
  firstsOf(events: readonly EventId[]): Promise<Map<EventId, string>>;
  /** Lists webhooks by descending id, which is their order in time, from behind `afterId`. */
  list(
    filters: ReceivedFilters,
    page: Readonly<{ limit: number; afterId: string | null }>,
  ): Promise<readonly ReceivedWebhook[]>;
}> &
  PurgedByWorkspace;

import type { EventTypeAudience, EventTypeState, SchemaMode, WorkspaceId } from '@tidings/contracts';
import type { Logger, Metrics } from '@tidings/observability';
import { AppError, type Clock } from '@tidings/runtime';
import type { EventRequest, Fault } from './domain/event-request.ts';
import type { DataFindings } from './domain/event-type-rules.ts';
import type { EventDraft, StampedEvent } from './domain/stamp-event.ts';
import type { metricsCatalogue } from './metrics.ts';

/**
 * Puts an event on the log. Resolves when all in-sync replicas have it. Rejects with a retryable AppError when that is
 * not known in time: the event may be there all the same.
 */
export type PublishEvent = (stamped: StampedEvent) => Promise<void>;

/**
 * What an event that was not accepted is counted as: `invalid` is the caller's mistake, `unavailable` the log's absence,
 * `failed` a fault that a repeat will not mend.
 */
export const outcomeOf = (error: unknown): 'invalid' | 'unavailable' | 'failed' => {
  if (!(error instanceof AppError)) return 'failed';
  return error.code === 'unprocessable' ? 'invalid' : error.retryable ? 'unavailable' : 'failed';
};

/** Checks data by a schema: as they were parsed, and the text of them, by which numbers are judged. */
export type CheckData = (data: unknown, json: Buffer) => DataFindings;

/** An event type as ingress knows it. `checkData` is null where the type has no schema. */
export type EventTypeEntry = Readonly<{
  state: EventTypeState;
  mode: SchemaMode;
  audience: EventTypeAudience;
  deprecatedAtMs: number | null;
  sunsetAtMs: number | null;
  checkData: CheckData | null;
}>;

/** The registered event types of all workspaces, in memory. */
export type EventTypeDirectory = Readonly<{
  /** False until the types that were there at the start are known. */
  isLoaded: () => boolean;
  find: (workspaceId: WorkspaceId, name: string) => EventTypeEntry | undefined;
  /** Some names that are taken, at most `limit`, in order: for a caller whose own is not. */
  names: (workspaceId: WorkspaceId, limit: number) => readonly string[];
}>;

/** What a workspace does with a name that nobody registered: refuse it, or take it. */
export type PolicyOf = (workspaceId: WorkspaceId) => 'strict' | 'open';

/** What the caller is told of the type of an event that is accepted. Times are epoch milliseconds. */
export type EventTypeNotice = Readonly<{
  /** Since when, or from when on, the type is deprecated; null when it is not. */
  deprecatedAtMs: number | null;
  sunsetAtMs: number | null;
  /** What is wrong with the data, where the type only warns. */
  warnings: readonly Fault[];
}>;

/** Where an event stands: whose it is, and the pointer that leads to it in the request. */
export type EventLocation = Readonly<{ workspaceId: WorkspaceId; pointer: string }>;

/** Holds an event against its type; throws what stands in its way. */
export type CheckEventType = (draft: EventDraft, location: EventLocation) => EventTypeNotice | null;

/** Throws where an event names a consumer that it may not name. */
export type CheckConsumer = (request: EventRequest, location: EventLocation) => void;

/** What the check of an event against its type works with. */
export type CheckPorts = Readonly<{
  eventTypes: EventTypeDirectory;
  policyOf: PolicyOf;
  /** Told of every event whose type nobody registered. Returns at once and never throws. */
  onUnregistered(workspaceId: WorkspaceId, name: string): void;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
}>;

/** What the use cases work with. */
export type AcceptPorts = Readonly<{
  checkConsumer: CheckConsumer;
  checkEventType: CheckEventType;
  publish: PublishEvent;
  clock: Clock;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
}>;

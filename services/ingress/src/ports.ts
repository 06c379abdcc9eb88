import type { EventTypeAudience, EventTypeState, SchemaMode, WorkspaceId } from '@tidings/contracts';
import type { ErrorDetail } from '@tidings/json';
import type { Logger, Metrics } from '@tidings/observability';
import { AppError, type Clock } from '@tidings/runtime';
import type { EventRequest } from './domain/event-request.ts';
import type { DataFindings } from './domain/event-type-rules.ts';
import type { EventDraft, StampedEvent } from './domain/stamp-event.ts';
import type { metricsCatalogue } from './metrics.ts';

/**
 * Publishes an event to the log. Resolves when all in-sync replicas have it. Rejects with a retryable
 * AppError when that is not confirmed in time: the event may be in the log nevertheless.
 */
export type PublishEvent = (stamped: StampedEvent) => Promise<void>;

/**
 * Returns the outcome by which a rejected event is counted: `invalid` for the caller's mistake, `unavailable`
 * for an unavailable log, `failed` for a fault that a repeat will not fix.
 */
export const outcomeOf = (error: unknown): 'invalid' | 'unavailable' | 'failed' => {
  if (!(error instanceof AppError)) return 'failed';
  return error.code === 'unprocessable' ? 'invalid' : error.retryable ? 'unavailable' : 'failed';
};

/** Validates data against a schema. Uses the parsed data, and their text to compare numbers exactly. */
export type CheckData = (data: unknown, json: Buffer) => DataFindings;

/** An event type in ingress. `checkData` is null if the type has no schema. */
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
  /** False until the types that existed at the start are known. */
  isLoaded: () => boolean;
  find: (workspaceId: WorkspaceId, name: string) => EventTypeEntry | undefined;
  /** Returns registered names, at most `limit`, in order, for a caller whose name is not registered. */
  names: (workspaceId: WorkspaceId, limit: number) => readonly string[];
}>;

/** Returns how a workspace treats a name that is not registered: `strict` rejects it, `open` accepts it. */
export type PolicyOf = (workspaceId: WorkspaceId) => 'strict' | 'open';

/** Notice to the caller about the type of an accepted event. Times are epoch milliseconds. */
export type EventTypeNotice = Readonly<{
  /** Past or future time from which the type is deprecated; null when it is not. */
  deprecatedAtMs: number | null;
  sunsetAtMs: number | null;
  /** Faults of the data, if the type only warns. */
  warnings: readonly ErrorDetail[];
}>;

/** The workspace of an event, and the pointer to it in the request. */
export type EventLocation = Readonly<{ workspaceId: WorkspaceId; pointer: string }>;

/** Validates an event against its registered type; throws if it is not allowed. */
export type CheckEventType = (draft: EventDraft, location: EventLocation) => EventTypeNotice | null;

/** Throws if an event names a consumer that is not allowed. */
export type CheckConsumer = (request: EventRequest, location: EventLocation) => void;

/** Dependencies of the event type check. */
export type CheckPorts = Readonly<{
  eventTypes: EventTypeDirectory;
  policyOf: PolicyOf;
  /** Called for every event whose type is not registered. Returns at once and never throws. */
  onUnregistered(workspaceId: WorkspaceId, name: string): void;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
}>;

/** Dependencies of the use cases. */
export type AcceptPorts = Readonly<{
  checkConsumer: CheckConsumer;
  checkEventType: CheckEventType;
  publish: PublishEvent;
  clock: Clock;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
}>;

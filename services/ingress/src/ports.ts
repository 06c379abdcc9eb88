import type {
  EventTypeAudience,
  EventTypeState,
  SchemaMode,
  SourceRecord,
  WorkspaceId,
} from '@tidings/contracts';
import type { DataFindings } from './domain/event-type-rules.ts';
import type { StampedEvent } from './domain/stamp-event.ts';

/**
 * Publishes an event to the log. Resolves when all in-sync replicas have it. Rejects with a retryable AppError when that
 * is not confirmed within `deadlineMs`, by default the configured one: the event may be in the log nevertheless.
 */
export type PublishEvent = (stamped: StampedEvent, deadlineMs?: number) => Promise<void>;

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

/** The sources of all workspaces, in memory. */
export type SourceDirectory = Readonly<{
  /** False until the sources that existed at the start are known. */
  isLoaded: () => boolean;
  find: (id: string) => SourceRecord | undefined;
}>;

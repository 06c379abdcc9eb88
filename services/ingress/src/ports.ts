import type {
  EventTypeAudience,
  EventTypeState,
  SchemaMode,
  SourceRecord,
  WebhookReceived,
  WorkspaceId,
} from '@tidings/contracts';
import type { DataFindings } from './domain/event-type-rules.ts';
import type { StampedEvent } from './domain/stamp-event.ts';

/** The place of published events: on all in-sync replicas of the log, or on the disk of this instance. */
export type Published = 'log' | 'spool';

/**
 * Publishes the events of one request, in order. Resolves when all in-sync replicas have them, or, with `maySpool`, the
 * spool has. Rejects with a retryable AppError when that is not confirmed within `deadlineMs`, by default the configured
 * one: they may be in the log nevertheless. `spooledFact` returns what is written about them to `tidings.received` when the
 * spool has brought them to the log; its argument is the time of their acceptance, in epoch milliseconds.
 */
export type PublishEvents = (
  events: readonly StampedEvent[],
  options: Readonly<{
    maySpool: boolean;
    deadlineMs?: number;
    spooledFact?: (atMs: number) => WebhookReceived;
  }>,
) => Promise<Published>;

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
  /** False while one that is not found may exist nevertheless. */
  isComplete: () => boolean;
  find: (id: string) => SourceRecord | undefined;
}>;

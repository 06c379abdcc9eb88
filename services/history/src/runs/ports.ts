import type {
  ConsumerId,
  EventId,
  RunEvent,
  RunFailureReason,
  RunId,
  RunStatus,
  WorkspaceId,
} from '@tidings/contracts';
import type { PurgedByWorkspace } from '../purge-expired.ts';
import type { RunVersion, StepCounts, StoredRun } from './domain/run.ts';

/** Filters of a list of runs. Times are exclusive, epoch milliseconds. */
export type RunFilters = Readonly<{
  workspaceId: WorkspaceId;
  /** Any of these. */
  statuses?: readonly RunStatus[];
  app?: string;
  handler?: string;
  eventId?: EventId;
  /** The consumer that the event is addressed to. */
  consumerId?: ConsumerId;
  orderingKey?: string;
  /** The reason and the step of the failure. */
  reason?: RunFailureReason;
  step?: string;
  startedAfterMs?: number;
  startedBeforeMs?: number;
}>;

/** A position in a list of runs. */
export type RunPosition = Readonly<{ startedAtMs: number; id: string }>;

/** A page of a list of runs: those behind `after`, newest first by default. */
export type RunPage = Readonly<{ limit: number; after: RunPosition | null; isOldestFirst?: boolean }>;

/** A run in a list: all but its steps, whose results may be large. */
export type RunSummary = Omit<StoredRun, 'steps' | 'event'> &
  Readonly<{
    stepCounts: StepCounts;
    event: Pick<RunEvent, 'id' | 'type' | 'workspaceId' | 'consumerId' | 'orderingKey' | 'acceptedAtMs'>;
  }>;

/** The runs. All methods reject with AppError `unavailable` if the store cannot be reached. */
export type RunStore = Readonly<{
  /** Returns the versions of the stored runs among these. */
  versions(ids: readonly RunId[]): Promise<ReadonlyMap<RunId, RunVersion>>;
  /** Stores states, each of another run, unless a newer one of it is stored. */
  put(runs: readonly StoredRun[]): Promise<void>;
  /** Erases what stored runs have of the data of their events. Returns the number of runs that had any. */
  erase(ids: readonly RunId[]): Promise<number>;
  find(id: RunId, workspaceId: WorkspaceId): Promise<StoredRun | null>;
  /** Lists runs by the time of their start. */
  list(filters: RunFilters, page: RunPage): Promise<readonly RunSummary[]>;
  count(filters: RunFilters): Promise<number>;
}> &
  PurgedByWorkspace;

/** Sends an order to the worker application of a run. Resolves when every in-sync replica has it. */
export type CommandRun = (
  run: Readonly<{ runId: RunId; app: string; event: Pick<RunEvent, 'partition'> }>,
  command: RunOrder,
) => Promise<void>;

/** An order for a run: continue it from the step that failed, or end it. */
export type RunOrder =
  | Readonly<{ kind: 'retry'; sequence: number; by: string }>
  | Readonly<{ kind: 'cancel'; by: string; reason: string | null }>;

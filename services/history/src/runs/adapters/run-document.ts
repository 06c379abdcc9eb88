import {
  consumerId,
  eventId,
  type RunFailureReason,
  type RunStatus,
  runId,
  workspaceId,
} from '@tidings/contracts';
import { type StepCounts, type StoredRun, stepCountsOf } from '../domain/run.ts';
import type { RunSummary } from '../ports.ts';

/** A run in MongoDB. Lists read all fields but `state_json`, which has the whole run. */
export type RunDocument = Readonly<{
  _id: string;
  workspace_id: string;
  consumer_id: string | null;
  app: string;
  handler: string;
  epoch: number;
  sequence: number;
  status: RunStatus;
  event_id: string;
  event_type: string;
  ordering_key: string | null;
  accepted_at: Date;
  started_at: Date;
  recorded_at: Date;
  ended_at: Date | null;
  waiting_until: Date | null;
  retries: number;
  step_counts: StepCounts;
  failure: Readonly<{ reason: RunFailureReason; step: string | null; message: string }> | null;
  cancelled: Readonly<{ by: string; reason: string | null }> | null;
  /** Absent if it is not erased. */
  is_erased?: true;
  /** JSON text: no query uses it, and results may have names that MongoDB reserves. */
  state_json: string;
}>;

const dateOf = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));
const msOf = (date: Date | null): number | null => date?.getTime() ?? null;

/** Returns the document of a run. */
export const toDocument = (run: StoredRun): RunDocument => ({
  _id: run.runId,
  workspace_id: run.event.workspaceId,
  consumer_id: run.event.consumerId,
  app: run.app,
  handler: run.handler,
  epoch: run.epoch,
  sequence: run.sequence,
  status: run.status,
  event_id: run.event.id,
  event_type: run.event.type,
  ordering_key: run.event.orderingKey,
  accepted_at: new Date(run.event.acceptedAtMs),
  started_at: new Date(run.startedAtMs),
  recorded_at: new Date(run.recordedAtMs),
  ended_at: dateOf(run.endedAtMs),
  waiting_until: dateOf(run.waitingUntilMs),
  retries: run.retries,
  step_counts: stepCountsOf(run),
  failure: run.failure,
  cancelled: run.cancelled,
  ...(run.isErased === true && { is_erased: true }),
  state_json: JSON.stringify(run),
});

/** Returns the run of a document. */
export const fromDocument = ({ state_json: text }: Pick<RunDocument, 'state_json'>): StoredRun =>
  JSON.parse(text) as StoredRun;

/** Returns what a list shows of a run. */
export const toSummary = (document: Omit<RunDocument, 'state_json'>): RunSummary => ({
  runId: runId(document._id),
  app: document.app,
  handler: document.handler,
  epoch: document.epoch,
  sequence: document.sequence,
  status: document.status,
  event: {
    id: eventId(document.event_id),
    type: document.event_type,
    workspaceId: workspaceId(document.workspace_id),
    consumerId: document.consumer_id === null ? null : consumerId(document.consumer_id),
    orderingKey: document.ordering_key,
    acceptedAtMs: document.accepted_at.getTime(),
  },
  startedAtMs: document.started_at.getTime(),
  recordedAtMs: document.recorded_at.getTime(),
  endedAtMs: msOf(document.ended_at),
  waitingUntilMs: msOf(document.waiting_until),
  retries: document.retries,
  stepCounts: document.step_counts,
  failure: document.failure,
  cancelled: document.cancelled,
  ...(document.is_erased === true && { isErased: true }),
});

import type { DataErased } from '@tidings/contracts';
import type { Erasures } from '@tidings/kafka';
import type { Clock } from '@tidings/runtime';
import type { DeadLetterPosition } from '../dead-letters/ports.ts';
import type { ListPosition } from '../deliveries/ports.ts';
import type { EventPosition } from '../events/ports.ts';
import { type EraseExportsParts, eraseExportPage } from '../exports/erase-exports.ts';
import type { BatchResult } from '../jobs/domain/job.ts';
import type { RunKind } from '../jobs/job-kind.ts';
import type { JobPosition } from '../jobs/ports.ts';
import type { RunPosition } from '../runs/ports.ts';
import {
  type ErasureCheckpoint,
  type ErasureJob,
  type ErasureSpec,
  type ErasureStep,
  erasureSteps,
  requestView,
} from './domain/erasure-job.ts';
import {
  type ErasedPage,
  type EraseParts,
  eraseDeadLetterPage,
  eraseDeliveryPage,
  eraseEventPage,
  eraseRunPage,
  wholeWorkspace,
} from './erase-stored.ts';
import type { RecordErasure } from './ports.ts';

/** The dependencies of the kind. */
export type ErasureKindParts = Omit<EraseParts, 'erasures'> &
  EraseExportsParts &
  Readonly<{
    erasures: Pick<Erasures, 'covers' | 'has'>;
    record: RecordErasure;
    clock: Clock;
  }>;

type Batch = BatchResult<ErasureCheckpoint>;

// What another instance has begun to write or to read before it knew of the erasure has ended by then.
const settleMs = 1_000;
const pollMs = 250;

const recordOf = ({ id, workspaceId, requestedBy, createdAtMs, spec }: ErasureJob): DataErased => ({
  ...{ type: 'DataErased.v1', erasureId: id, workspaceId, requestedBy, requestedAtMs: createdAtMs },
  ...spec,
});

const stepAfter = (step: ErasureStep): ErasureStep | undefined =>
  erasureSteps[erasureSteps.indexOf(step) + 1];

const counted = (counts: Readonly<Record<string, number>>) => ({
  counts,
  done: Object.values(counts).reduce((sum, count) => sum + count, 0),
});

/** Returns the result of one page of a step. `next`: the position behind it; null at the end of the step. */
const paged = (
  job: ErasureJob,
  counts: Readonly<Record<string, number>>,
  { next, waitMs = 0 }: Readonly<{ next: unknown; waitMs?: number }>,
): Batch => {
  const { step } = job.checkpoint;
  const following = next === null ? stepAfter(step) : step;
  const { done } = counted(counts);
  const isAtEnd = following === undefined;
  return {
    checkpoint: { ...job.checkpoint, step: following ?? step, after: next },
    counts,
    done,
    sent: 0,
    isAtEnd,
    ...(isAtEnd && { total: job.done + done }),
    ...(waitMs > 0 && { waitMs }),
  };
};

const ofStores = (job: ErasureJob, { events, deliveries, deadLetters, next }: ErasedPage<unknown>): Batch =>
  paged(job, { events, deliveries, dead_letters: deadLetters }, { next });

const unchanged = (checkpoint: ErasureCheckpoint, waitMs: number): Batch => ({
  ...{ checkpoint, counts: {}, done: 0, sent: 0, isAtEnd: false, waitMs },
});

const exportStep = async (parts: ErasureKindParts, job: ErasureJob): Promise<Batch> => {
  const after = job.checkpoint.after as JobPosition | null;
  const { exports, isWaiting, next } = await eraseExportPage(parts, recordOf(job), after);
  return isWaiting
    ? { ...unchanged(job.checkpoint, pollMs), ...counted({ exports }) }
    : paged(job, { exports }, { next });
};

/** Erases a page of what the consumer of the erasure owns; of an event, the step before has erased everything. */
const ownedStep = async (parts: ErasureKindParts, job: ErasureJob): Promise<Batch> => {
  const { checkpoint, spec } = job;
  const { scope, beforeMs } = spec;
  if (scope.kind === 'event') return paged(job, {}, { next: null });
  const filters = { ...wholeWorkspace(job), consumerId: scope.consumerId };
  if (checkpoint.step === 'dead-letters') {
    const after = checkpoint.after as DeadLetterPosition | null;
    return ofStores(job, await eraseDeadLetterPage(parts, filters, after));
  }
  const after = checkpoint.after as ListPosition | null;
  return ofStores(job, await eraseDeliveryPage(parts, { ...filters, createdBeforeMs: beforeMs }, after));
};

/** Erases a page of the runs that the event has started, or the events of the consumer. */
const runStep = async (parts: ErasureKindParts, job: ErasureJob): Promise<Batch> => {
  const { workspaceId, spec, checkpoint } = job;
  const of =
    spec.scope.kind === 'event' ? { eventId: spec.scope.eventId } : { consumerId: spec.scope.consumerId };
  const after = checkpoint.after as RunPosition | null;
  const { runs, next } = await eraseRunPage(parts, { workspaceId, ...of }, after);
  return paged(job, { runs }, { next });
};

const runBatch = async (parts: ErasureKindParts, job: ErasureJob): Promise<Batch> => {
  const { erasures, record, clock } = parts;
  const { checkpoint } = job;
  switch (checkpoint.step) {
    case 'record':
      await record(recordOf(job));
      return unchanged({ step: 'settle', after: null, recordedAtMs: clock.nowMs() }, pollMs);
    case 'settle': {
      const isSettled = erasures.has(job.id) && clock.nowMs() >= (checkpoint.recordedAtMs ?? 0) + settleMs;
      return isSettled ? paged(job, {}, { next: null }) : unchanged(checkpoint, pollMs);
    }
    case 'events':
      return ofStores(job, await eraseEventPage(parts, job, checkpoint.after as EventPosition | null));
    case 'deliveries':
    case 'dead-letters':
      return ownedStep(parts, job);
    case 'runs':
      return runStep(parts, job);
    case 'exports':
      return exportStep(parts, job);
  }
};

/**
 * Returns the kind of jobs that erase: first the record, from which on nothing is shown or sent, then what is stored. A
 * batch that a crash interrupts is repeated: what it has erased already is not counted again.
 */
export const erasureKind = (
  parts: ErasureKindParts,
  isReady: () => boolean,
): RunKind<ErasureSpec, ErasureCheckpoint> => ({
  kind: 'erasure',
  carriedOutBy: 'history',
  isReady,
  requestView,
  refuseChange: ({ checkpoint, state }) =>
    checkpoint.step === 'record' && state !== 'running'
      ? null
      : 'An erasure that has begun is carried out to its end: what is erased cannot be restored.',
  runBatch: async (job) => runBatch(parts, job),
});

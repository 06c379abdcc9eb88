import type { Clock } from '@tidings/runtime';
import type { Job } from '../domain/in-flight-jobs.ts';
import { type Deferral, resolutionOfDeferral } from '../domain/resolution.ts';
import type { RecordResolution } from './record-resolution.ts';

/** Defers a job. Resolves like {@link RecordResolution}. */
export type DeferJob = (job: Job, deferral: Deferral) => Promise<boolean>;

export const createDeferJob =
  ({ record, clock }: Readonly<{ record: RecordResolution; clock: Clock }>): DeferJob =>
  (job, deferral) =>
    record(job, resolutionOfDeferral(job.command.state, deferral, clock.nowMs()));

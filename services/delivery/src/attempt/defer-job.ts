import type { DeferralReason, Rung } from '@tidings/contracts';
import type { Clock } from '@tidings/runtime';
import type { Job } from '../domain/in-flight.ts';
import { resolutionOfDeferral } from '../domain/resolution.ts';
import type { RecordResolution } from './record-resolution.ts';

/**
 * Moves a job to a rung of the ladder without an attempt. Resolves like {@link RecordResolution}. `subscriptionVersion`
 * defaults to the version that the command was made for.
 */
export type DeferJob = (
  job: Job,
  deferral: Readonly<{ reason: DeferralReason; rung: Rung; subscriptionVersion?: number }>,
) => Promise<boolean>;

export const createDeferJob =
  ({ record, clock }: Readonly<{ record: RecordResolution; clock: Clock }>): DeferJob =>
  (job, deferral) =>
    record(job, resolutionOfDeferral(job.command.state, { ...deferral, nowMs: clock.nowMs() }));

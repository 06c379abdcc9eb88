import { ladder, type Rung } from '@tidings/contracts';
import type { Clock } from '@tidings/runtime';
import { endpointMs } from '../deferral/domain/endpoint-state.ts';
import { type ConcludedAttempt, conclude } from '../domain/attempt.ts';
import { dispositionOf } from '../domain/disposition.ts';
import type { Job } from '../domain/in-flight.ts';
import type { RetryRules } from '../domain/next-step.ts';
import { resolutionOfAttempt, resolutionOfDeferral, resolutionOfDisposition } from '../domain/resolution.ts';
import type { FindSigningKeys, ReportAttempt, SendRequest, SubscriptionDirectory } from '../ports.ts';
import { prepareRequest } from './prepare-request.ts';
import type { RecordResolution } from './record-resolution.ts';

/** Runs one job: prepare, send, decide, record. Calls `release` when the request has ended, which frees its slot. */
export type AttemptDelivery = (job: Job, release: () => void) => Promise<void>;

export type AttemptDependencies = Readonly<{
  directory: SubscriptionDirectory;
  findSigningKeys: FindSigningKeys;
  send: SendRequest;
  record: RecordResolution;
  report: ReportAttempt;
  /** True when a copy of the command has finished while this one waited; it is then completed without an attempt. */
  isFinished: (job: Job) => boolean;
  /** Called when a request has ended, before its result is recorded. */
  onConcluded: (attempted: ConcludedAttempt) => void;
  /** Called when this process aborted the request. An aborted request does not count against the endpoint. */
  onAborted: (job: Job, detail: string) => void;
  clock: Clock;
  notRetried: RetryRules['notRetried'];
}>;

/**
 * Delay for secrets that cannot be opened. Only an operator can fix that: a retry every second would flood the log.
 */
export const operatorRung = ladder.find((rung) => rung.delayMs >= 60_000) as Rung;

/**
 * Creates the attempt runner. It reads the subscription again just before the request, so that a rotated
 * secret, a new URL or a disable also applies to commands that waited in memory.
 */
export const createAttemptDelivery =
  (dependencies: AttemptDependencies): AttemptDelivery =>
  async (job, release) => {
    const { directory, findSigningKeys, send, record, report, onAborted, onConcluded, clock } = dependencies;
    const { state } = job.command;
    if (dependencies.isFinished(job)) {
      release();
      return;
    }
    const atMs = clock.nowMs();
    const disposition = dispositionOf(state, directory.find(state.subscriptionId), atMs);
    if (disposition.kind !== 'attempt') {
      release();
      await record(job, resolutionOfDisposition(state, disposition, atMs));
      return;
    }
    const { subscription } = disposition;
    const keys = findSigningKeys(subscription, atMs);
    if (keys === null) {
      release();
      const { version: subscriptionVersion } = subscription;
      const deferral = { reason: 'held', rung: operatorRung, subscriptionVersion, nowMs: atMs } as const;
      await record(job, resolutionOfDeferral(state, deferral));
      return;
    }
    const { notRetried } = dependencies;
    const beganMs = clock.monotonicMs();
    const beganTurns = clock.turns();
    const sent = await send(prepareRequest({ command: job.command, subscription, keys, nowMs: atMs }));
    const durationMs = Math.round(clock.monotonicMs() - beganMs);
    if (sent.kind === 'aborted') {
      release();
      onAborted(job, sent.detail);
      return;
    }
    const ended = {
      endedAtMs: clock.nowMs(),
      durationMs,
      endpointMs: endpointMs(durationMs, clock.turns() - beganTurns),
    };
    const attempted = conclude({ state, subscription, atMs }, sent, ended);
    const { outcome } = attempted;
    // Runs before the slot is freed, so that the next job uses the endpoint's new state.
    if (outcome.kind === 'failed' && outcome.reason === 'gone') {
      directory.markGone(subscription.id, subscription.version);
    }
    onConcluded(attempted);
    release();
    const resolution = resolutionOfAttempt(attempted, notRetried, job.entry !== null);
    const isRecorded = await record(job, resolution);
    const detail = sent.kind === 'failed' ? sent.detail : null;
    if (isRecorded) report(attempted, { job, resolution, timings: sent.timings, detail });
  };

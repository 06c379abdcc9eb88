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

/** Carries one job through: prepare, send, decide, record. `release` gives the slot back when the request has ended. */
export type AttemptDelivery = (job: Job, release: () => void) => Promise<void>;

export type AttemptDependencies = Readonly<{
  directory: SubscriptionDirectory;
  findSigningKeys: FindSigningKeys;
  send: SendRequest;
  record: RecordResolution;
  report: ReportAttempt;
  /** True when a copy of the command was finished while this one waited; it is then completed without an attempt. */
  isFinished: (job: Job) => boolean;
  /** Told at once how a request ended, before it is recorded. */
  onConcluded: (attempted: ConcludedAttempt) => void;
  /** The request was given up by us, not by the endpoint: it does not count. */
  onAborted: (job: Job, detail: string) => void;
  clock: Clock;
  notRetried: RetryRules['notRetried'];
}>;

/** Secrets that cannot be opened need an operator: asking again every second would only fill the log. */
export const operatorRung = ladder.find((rung) => rung.delayMs >= 60_000) as Rung;

/**
 * The subscription is looked up again at the last moment, so that a rotated secret, a new URL or a disable counts for
 * what has been waiting in memory too.
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
    // Before the slot is given back: whoever gets it next must find the endpoint's new state.
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

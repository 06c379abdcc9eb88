import type { DeliveryRequested, PhaseTimings, RequestOutcome, SubscriptionRecord } from '@tidings/contracts';
import { childTraceparent, isRecorded, type Logger } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';
import type { StreamSignatures } from '@tidings/signing';
import { type BodyRule, type Redaction, recordExchange, requestHeaders } from '@tidings/webhook-request';
import type { SigningKeyCache, SigningKeys } from '../adapters/signing-key-cache.ts';
import type { SubscriptionDirectory } from '../adapters/subscription-directory.ts';
import { endpointMs } from '../deferral/domain/endpoint-states.ts';
import { type ConcludedAttempt, conclude, type PreparedAttempt } from '../domain/attempt.ts';
import { dispositionUnder, type ErasedCommands } from '../domain/disposition.ts';
import type { FinishedAttempts } from '../domain/finished-attempts.ts';
import type { InFlightJobs, Job } from '../domain/in-flight-jobs.ts';
import {
  type Deferral,
  heldFor,
  type Resolution,
  resolutionOfAttempt,
  resolutionOfDisposition,
  resolutionOfFinished,
} from '../domain/resolution.ts';
import type { RetryRules } from '../domain/retry-policy.ts';
import type { SupersededChains } from '../domain/superseded-chains.ts';
import type { DeliveryMetrics } from '../metrics.ts';
import type { DeliveryRequest, SendRequest } from '../ports.ts';
import type { DeferJob } from './defer-job.ts';
import { isLarge, type LargeBodies, type LargeCommand } from './large-bodies.ts';
import type { RecordResolution } from './record-resolution.ts';
import { reportAttempt } from './report-attempt.ts';
import { traceAttempt } from './trace-attempt.ts';

/** An attempt whose request is ready to be sent. */
export type PreparedRequest = PreparedAttempt &
  Readonly<{
    kind: 'request';
    job: Job;
    request: DeliveryRequest;
    redaction: Redaction;
    /** Time when the preparation began, and the iteration of the event loop. */
    beganMs: number;
    beganTurns: number;
  }>;

/** An attempt whose body has to be read before it can be signed. */
export type PreparedLarge = PreparedAttempt &
  Readonly<{ kind: 'large'; job: Job; command: LargeCommand; keys: SigningKeys }>;

/** A job whose request has ended, or that got none, and whose result is not recorded yet. */
export type EndedAttempt =
  | Readonly<{ kind: 'unsent'; resolution: Resolution }>
  | Readonly<{ kind: 'deferred'; deferral: Deferral }>
  | Readonly<{
      kind: 'concluded';
      attempted: ConcludedAttempt;
      resolution: Resolution;
      timings: PhaseTimings;
      detail: string | null;
      /** Trace context that the request carried. */
      traceparent: string | undefined;
    }>
  | Readonly<{ kind: 'aborted'; detail: string }>
  | Readonly<{ kind: 'defect'; error: unknown }>;

export type AttemptDependencies = Readonly<{
  directory: SubscriptionDirectory;
  erasures: ErasedCommands;
  signingKeys: SigningKeyCache;
  finishedAttempts: FinishedAttempts;
  superseded: SupersededChains;
  inFlight: InFlightJobs;
  send: SendRequest;
  largeBodies: LargeBodies;
  record: RecordResolution;
  deferJob: DeferJob;
  notRetried: RetryRules['notRetried'];
  recordedBodies: BodyRule;
  metrics: DeliveryMetrics;
  clock: Clock;
  logger: Logger;
}>;

/**
 * Delay for secrets that cannot be opened, and after a defect. Only an operator can fix these: a retry every second
 * would flood the log.
 */
const operatorDelayMs = 60_000;

/** Delay while the object storage does not respond. */
const storageDelayMs = 5_000;

type RequestParts = Readonly<{
  command: DeliveryRequested;
  /** Trace context of the attempt; default: that of the command. */
  traceparent?: string | null | undefined;
  subscription: SubscriptionRecord;
  keys: SigningKeys;
  nowMs: number;
  /** The body as it is sent and its signatures; default: the command's, byte for byte. */
  large?: Readonly<{ body: DeliveryRequest['body']; signatures: StreamSignatures }>;
}>;

/** Builds the request of one attempt. */
export const buildRequest = ({
  command,
  traceparent = command.traceparent,
  subscription,
  keys,
  nowMs,
  large,
}: RequestParts): DeliveryRequest => {
  const { state } = command;
  const { endpointUrl: url, headers: ownHeaders, timeoutMs } = subscription;
  const headers = requestHeaders({
    state,
    ownHeaders,
    body: large?.signatures ?? command.body,
    keys,
    nowMs,
    traceparent: childTraceparent(traceparent),
  });
  const body = large?.body ?? command.body;
  return keys.tls === null
    ? { url, headers, body, timeoutMs }
    : { url, headers, body, timeoutMs, tls: keys.tls };
};

/**
 * The stages of one attempt: prepare → (sign, if the data are in the storage) → send → conclude → record. A job occupies its slot in the queue until it is
 * concluded; the caller frees the slot and then records.
 */
export class AttemptDelivery {
  readonly #dependencies: AttemptDependencies;

  constructor(dependencies: AttemptDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Builds the request of a job, or ends the job without one. Reads the subscription again just before the request, so
   * that a rotated secret, a new URL or a disable also applies to commands that waited in memory.
   */
  prepare(job: Job): PreparedRequest | PreparedLarge | EndedAttempt {
    const { directory, erasures, signingKeys, finishedAttempts, superseded, metrics, clock } =
      this.#dependencies;
    const { command } = job;
    const { state } = command;
    // A copy of the command finished, or a retry took its place, while this one waited.
    const isSuperseded = superseded.covers(job.partition, state);
    if (isSuperseded || finishedAttempts.covers(job)) {
      metrics.duplicates.inc({ kind: isSuperseded ? 'superseded' : 'finished' });
      return { kind: 'unsent', resolution: resolutionOfFinished };
    }
    const atMs = clock.nowMs();
    const disposition = dispositionUnder(erasures, state, directory.find(state.subscriptionId), atMs);
    if (disposition.kind !== 'attempt')
      return { kind: 'unsent', resolution: resolutionOfDisposition(state, disposition, atMs) };
    const { subscription } = disposition;
    const keys = signingKeys.find(subscription, atMs);
    if (keys === null) {
      const deferral = { ...heldFor(operatorDelayMs), subscriptionVersion: subscription.version };
      return { kind: 'deferred', deferral };
    }
    if (isRecorded(command.traceparent)) job.traceparent = childTraceparent(command.traceparent);
    const { traceparent } = job;
    const prepared = { job, state, subscription, atMs };
    if (isLarge(command)) return { kind: 'large', command, keys, ...prepared };
    const request = buildRequest({ command, traceparent, subscription, keys, nowMs: atMs });
    return { kind: 'request', request, redaction: keys.redaction, ...prepared, ...this.#now() };
  }

  /** Reads the body of an attempt, verifies and signs it; ends the attempt if its data are not what was accepted. */
  async sign({ command, keys, ...prepared }: PreparedLarge): Promise<PreparedRequest | EndedAttempt> {
    const { largeBodies, clock, logger } = this.#dependencies;
    const { state, subscription, atMs } = prepared;
    const { secrets, plainSecret } = keys;
    const message = { id: state.deliveryId, timestampSeconds: Math.floor(atMs / 1_000) };
    const signed = await largeBodies.sign(command, { ...message, secrets, plainSecret });
    switch (signed.kind) {
      case 'signed': {
        const large = { body: largeBodies.body(command), signatures: signed.signatures };
        const { traceparent } = prepared.job;
        const request = buildRequest({ command, traceparent, subscription, keys, nowMs: atMs, large });
        return { ...prepared, kind: 'request', request, redaction: keys.redaction, ...this.#now() };
      }
      case 'missing':
      case 'changed': {
        const disposition = { kind: 'dead-letter', reason: `data-${signed.kind}` } as const;
        return {
          kind: 'unsent',
          resolution: resolutionOfDisposition(state, disposition, clock.nowMs()),
        };
      }
      case 'busy':
        return { kind: 'deferred', deferral: heldFor(0) };
      case 'unavailable': {
        const { detail, isTransient } = signed;
        logger.warn({ deliveryId: state.deliveryId, detail }, 'large-data.unavailable');
        return { kind: 'deferred', deferral: heldFor(isTransient ? storageDelayMs : operatorDelayMs) };
      }
    }
  }

  /** Sends the request. Never rejects. */
  send({ request }: PreparedRequest): Promise<RequestOutcome> {
    return this.#dependencies.send(request);
  }

  /** Decides what follows from an outcome, and marks the endpoint as gone after a 410. */
  conclude(prepared: PreparedRequest, outcome: RequestOutcome): EndedAttempt {
    const { directory, notRetried, recordedBodies: rule, clock } = this.#dependencies;
    const durationMs = Math.round(clock.monotonicMs() - prepared.beganMs);
    // An aborted request does not count against the endpoint.
    if (outcome.kind === 'aborted') return { kind: 'aborted', detail: outcome.detail };
    const { state, atMs, request, redaction } = prepared;
    const { deliveryId, eventType } = state;
    const sent = { deliveryId, eventType, atMs, headers: request.headers };
    const recorded = recordExchange(sent, outcome, { redaction, rule });
    const attempted = conclude(
      prepared,
      { ...recorded, sent: outcome },
      {
        endedAtMs: clock.nowMs(),
        durationMs,
        endpointMs: endpointMs(durationMs, clock.turns() - prepared.beganTurns),
      },
    );
    const { subscription } = prepared;
    if (attempted.outcome.kind === 'failed' && attempted.outcome.reason === 'gone')
      directory.markGone(subscription.id, subscription.version);
    return {
      kind: 'concluded',
      attempted,
      resolution: resolutionOfAttempt(attempted, notRetried, prepared.job.entry !== null),
      timings: outcome.timings,
      detail: outcome.kind === 'failed' ? outcome.detail : null,
      traceparent: request.headers['traceparent'],
    };
  }

  /**
   * Records the result of a job, whose slot is free by now. Never rejects: after a defect the command is deferred.
   * `isStopping`: an aborted request is then left to the next process.
   */
  async record(job: Job, ended: EndedAttempt, isStopping: boolean): Promise<void> {
    const { record, deferJob } = this.#dependencies;
    try {
      switch (ended.kind) {
        case 'unsent':
          await record(job, ended.resolution);
          return;
        case 'deferred':
          await deferJob(job, ended.deferral);
          return;
        case 'concluded':
          if (!(await record(job, ended.resolution))) return;
          reportAttempt(ended, this.#dependencies);
          traceAttempt(job, ended, this.#dependencies.clock);
          return;
        case 'aborted':
          this.#retryAborted(job, ended.detail, isStopping);
          return;
        case 'defect':
          this.#deferDefect(job, ended.error);
      }
    } catch (error) {
      this.#deferDefect(job, error);
    }
  }

  // Unless the process stops, no socket was free or the client failed: the command is sent again soon.
  #retryAborted(job: Job, detail: string, isStopping: boolean): void {
    const { inFlight, deferJob, logger } = this.#dependencies;
    if (isStopping) {
      inFlight.drop(job);
      return;
    }
    logger.warn({ deliveryId: job.command.state.deliveryId, detail }, 'request.aborted');
    void deferJob(job, heldFor(0));
  }

  /** The beginning of a request, for its duration. */
  #now(): Pick<PreparedRequest, 'beganMs' | 'beganTurns'> {
    const { clock } = this.#dependencies;
    return { beganMs: clock.monotonicMs(), beganTurns: clock.turns() };
  }

  #deferDefect(job: Job, error: unknown): void {
    const { deferJob, logger } = this.#dependencies;
    const { deliveryId, subscriptionId } = job.command.state;
    logger.error({ deliveryId, subscriptionId, detail: messageOf(error), error }, 'delivery.defect');
    void deferJob(job, heldFor(operatorDelayMs));
  }
}

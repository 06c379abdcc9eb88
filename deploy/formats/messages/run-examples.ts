import {
  desiredJobStates,
  encodeEpoch,
  encodeJobRecord,
  encodeRun,
  encodeRunCommand,
  encodeRunState,
  type JobOrdered,
  type JobProgressed,
  type JobRecord,
  jobStates,
  type ReplaySpec,
  type RunCommand,
  type RunRecorded,
  type RunStep,
  runAttemptOutcomes,
  runFailureReasons,
  runStatuses,
} from '../../../packages/contracts/src/index.ts';
import { atMs, atTime, ids, type MessageExample, named, sha256, traceparent } from './example.ts';

const { workspaceId, consumerId, eventId, subscriptionId, runId, jobId, keyId } = ids;

const span: ReplaySpec = {
  ...{ fromMs: atMs - 1_000, toMs: atMs, types: ['order.*'], filter: { amount: [{ $gt: 9 }] } },
  ...{ target: { kind: 'subscription', subscriptionId }, asNew: false, holdLive: true, ratePerSecond: 2.5 },
};
const { fromMs: _, toMs: __, ...endless } = span;
const order: JobOrdered = {
  ...{ type: 'JobOrdered.v1', jobId, kind: 'replay', workspaceId, ownerId: null, requestedBy: keyId },
  ...{ spec: span, desired: 'running', revision: 1, createdAtMs: atMs },
};
const progress: JobProgressed = {
  ...{ type: 'JobProgressed.v1', jobId, kind: 'replay', state: 'running', revision: 1, startedAtMs: atMs },
  ...{ checkpoint: { 0: 12, 11: 0 }, counts: { scanned: 12, matched: 3 }, total: 100, done: 12 },
  ...{ error: null, updatedAtMs: atMs },
};

/** Records of the jobs topic. */
export const jobExamples = named<JobRecord>(
  {
    'an order by times': order,
    'an order with the trace of its request': { ...order, traceparent },
    'an order by offsets, of a consumer': {
      ...{ ...order, ownerId: consumerId },
      spec: {
        ...{ ...endless, offsets: { 0: [1, 9] }, filter: null, target: { kind: 'all' }, asNew: true },
        ...{ holdLive: false, dryRun: true },
      },
    },
    'an order for what is missing': {
      ...order,
      spec: { ...span, target: { kind: 'missing' }, dryRun: false },
    },
    ...Object.fromEntries(desiredJobStates.map((desired) => [`an order: ${desired}`, { ...order, desired }])),
    ...Object.fromEntries(jobStates.map((state) => [`progress: ${state}`, { ...progress, state }])),
    'progress without a total': { ...progress, startedAtMs: null, total: null, error: 'the log is away' },
  },
  encodeJobRecord,
);

const step = (over: Partial<RunStep> = {}): RunStep => ({
  ...{ name: 'charge', kind: 'step', status: 'succeeded', attemptCount: 1, retryAtMs: null, generation: 0 },
  attempts: runAttemptOutcomes.map((outcome, at) => ({
    ...{ attempt: at + 1, startedAtMs: atMs, durationMs: 12, outcome },
    error: outcome === 'succeeded' ? null : 'refused',
    ...(outcome !== 'succeeded' && { traceparent }),
  })),
  ...{ succeededAt: 2, result: { id: 'ch_1', n: [1, null, 'é'] } },
  ...over,
});

const run: RunRecorded = {
  ...{ type: 'RunRecorded.v1', runId, app: 'shop', handler: 'pay', epoch: 2, sequence: 5, status: 'running' },
  event: {
    ...{ id: eventId, type: 'order.paid', workspaceId, consumerId: null, source: '/orders', time: atTime },
    ...{ acceptedAtMs: atMs, orderingKey: null, traceparent: null, partition: 3, offset: '9007199254740993' },
  },
  ...{ startedAtMs: atMs, recordedAtMs: atMs + 50, endedAtMs: null, waitingUntilMs: null, retries: 0 },
  ...{ steps: [], failure: null, cancelled: null },
};

const runs: Readonly<Record<string, RunRecorded>> = {
  'without steps': run,
  'with steps, of a consumer': {
    ...run,
    event: {
      ...run.event,
      consumerId,
      orderingKey: 'ord_7',
      traceparent,
      large: { bytes: 5_000_000, sha256 },
    },
    steps: [
      step(),
      step({ name: 'ship', status: 'waiting', retryAtMs: atMs + 1_000, succeededAt: null, result: null }),
      step({ name: 'pack', status: 'undone', generation: 1 }),
      step({ name: 'mail', status: 'failed', succeededAt: null, result: null }),
      step({ name: 'charge:compensate', kind: 'compensation' }),
    ],
    ...{ endedAtMs: atMs + 60, waitingUntilMs: atMs + 1_000, retries: 2, retriedAtMs: atMs + 40 },
    begun: [{ step: 'ship', count: 1 }],
  },
  ...Object.fromEntries(runStatuses.map((status) => [status, { ...run, status }])),
  ...Object.fromEntries(
    runFailureReasons.map((reason) => [
      `failed: ${reason}`,
      { ...run, status: 'failed', failure: { reason, step: 'charge', message: 'refused' } } as const,
    ]),
  ),
  'failed without a step': {
    ...{ ...run, status: 'failed' },
    failure: { reason: 'unknown-handler', step: null, message: 'no such handler' },
  },
  'cancelled with a reason': { ...run, status: 'cancelled', cancelled: { by: keyId, reason: 'twice' } },
  'cancelled without a reason': { ...run, status: 'cancelled', cancelled: { by: keyId, reason: null } },
};

/** Records of the runs topic. */
export const runExamples = named(runs, encodeRun);

/** Records of the run log of an application. */
export const runLogExamples: readonly MessageExample[] = [
  ...named(runs, (one) => encodeRunState(one, Buffer.from('{ "n": 9007199254740993 }'))),
  {
    name: 'the start of an epoch',
    record: encodeEpoch({ type: 'EpochStarted.v1', epoch: 2, owner: 'w1', fromOffset: '12', atMs }),
  },
  { name: 'the end of taking over', record: encodeEpoch({ type: 'EpochSettled.v1', epoch: 2 }) },
];

/** Records of the commands of an application. */
export const runCommandExamples = named<RunCommand>(
  {
    retry: { type: 'RunRetryRequested.v1', runId, sequence: 5, by: keyId, atMs },
    cancel: { type: 'RunCancelRequested.v1', runId, by: keyId, reason: 'twice', atMs },
    'cancel without a reason': { type: 'RunCancelRequested.v1', runId, by: keyId, reason: null, atMs },
  },
  encodeRunCommand,
);

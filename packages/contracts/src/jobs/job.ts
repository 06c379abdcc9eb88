import { createHash } from 'node:crypto';
import type { ConsumerId, SubscriptionId, WorkspaceId } from '../ids/ids.ts';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { topics } from '../wire/topics.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';

/** The subscriptions that a replay sends to. */
export type ReplayTarget =
  /** One subscription, which may have been created after the events (backfill). */
  | Readonly<{ kind: 'subscription'; subscriptionId: SubscriptionId }>
  /** Every subscription that matches now. */
  | Readonly<{ kind: 'all' }>
  /** As `all`, but only deliveries that were never delivered and have no chain under way. */
  | Readonly<{ kind: 'missing' }>;

/** The events of a replay and what becomes of them. Of the span, either times or `offsets` are given. */
export type ReplaySpec = Readonly<{
  /** Accepted times, epoch milliseconds: from `fromMs` up to but excluding `toMs`. */
  fromMs?: number;
  toMs?: number;
  /** By partition of the events topic: from the first offset up to but excluding the second. */
  offsets?: Readonly<Record<string, readonly [from: number, to: number]>>;
  /** Event types or patterns such as `order.*`; empty: every type. */
  types: readonly string[];
  /** Filter on the data, in the language of subscription filters; null matches all events. */
  filter: Readonly<Record<string, unknown>> | null;
  target: ReplayTarget;
  /** True: each delivery gets a new event id. False: the ids stay, so that receivers can drop repeats. */
  asNew: boolean;
  /** True: live events of an ordered subscription wait for the end of the replay. */
  holdLive: boolean;
  /** Maximum number of webhooks a second for each endpoint. */
  ratePerSecond: number;
  /** True: only counts what would be sent. */
  dryRun?: boolean;
}>;

/** The specification of a job by its kind, for the kinds that a service other than history carries out. */
export type OrderedJobSpecs = Readonly<{ replay: ReplaySpec }>;

/** Kinds of jobs that the jobs topic carries. */
export type OrderedJobKind = keyof OrderedJobSpecs;

/** States that a caller can request of a job. */
export const desiredJobStates = ['running', 'paused', 'cancelled'] as const;
/** See {@link desiredJobStates}. */
export type DesiredJobState = (typeof desiredJobStates)[number];

/**
 * The states of a job:
 *
 *   queued ──▶ running ◀──▶ paused      queued, running, paused ──▶ done | cancelled | failed
 */
export const jobStates = ['queued', 'running', 'paused', 'done', 'cancelled', 'failed'] as const;
/** See {@link jobStates}. */
export type JobState = (typeof jobStates)[number];

/** The order for a job, written by the history service alone: again at each pause, resume and cancellation. */
export type JobOrdered<K extends OrderedJobKind = OrderedJobKind> = Readonly<{
  type: 'JobOrdered.v1';
  jobId: string;
  kind: K;
  workspaceId: WorkspaceId;
  /** The consumer of the key that ordered the job: it covers only what that consumer can read. null: the workspace. */
  ownerId: ConsumerId | null;
  /** Id of the key that ordered the job. */
  requestedBy: string;
  spec: OrderedJobSpecs[K];
  desired: DesiredJobState;
  /** Grows by one at each order of the job. The newest revision wins, regardless of the order of arrival. */
  revision: number;
  createdAtMs: number;
  /** Trace context of the request: a header of the record. */
  traceparent?: string;
}>;

/** The progress of a job, written by its worker alone. */
export type JobProgressed = Readonly<{
  type: 'JobProgressed.v1';
  jobId: string;
  kind: OrderedJobKind;
  state: JobState;
  /** Revision of the newest order that the worker has applied. */
  revision: number;
  startedAtMs: number | null;
  /** Next offset of each partition. What is before it is acknowledged, so a worker continues here after a crash. */
  checkpoint: Readonly<Record<string, number>>;
  /** Counts by name, such as `scanned`, `matched`, `sent`. */
  counts: Readonly<Record<string, number>>;
  /** Units of work in all, and of them those that are done; null while the total is unknown. */
  total: number | null;
  done: number;
  /** Text for the caller; null unless the last try failed. */
  error: string | null;
  updatedAtMs: number;
}>;

/** Record of the jobs topic. */
export type JobRecord = JobOrdered | JobProgressed;

const jobId = { type: 'string', pattern: '^job_[0-9a-f]{32}$' };
const kind = { enum: ['replay'] satisfies OrderedJobKind[] };
const numbers = { type: 'object', additionalProperties: shape.count };
const byPartition = (value: object): object => ({
  type: 'object',
  patternProperties: { '^[0-9]{1,9}$': value },
  additionalProperties: false,
});

const replaySpec = exactly(
  {
    types: { type: 'array', items: shape.text },
    filter: { type: ['object', 'null'] },
    target: {
      oneOf: [
        exactly({ kind: { const: 'subscription' }, subscriptionId: shape.subscriptionId }),
        exactly({ kind: { enum: ['all', 'missing'] } }),
      ],
    },
    asNew: { type: 'boolean' },
    holdLive: { type: 'boolean' },
    ratePerSecond: { type: 'number', exclusiveMinimum: 0 },
  },
  {
    dryRun: { type: 'boolean' },
    fromMs: shape.epochMs,
    toMs: shape.epochMs,
    offsets: byPartition({
      type: 'array',
      prefixItems: [shape.count, shape.count],
      items: false,
      minItems: 2,
    }),
  },
);

const checks: { readonly [T in JobRecord['type']]: (value: unknown) => Extract<JobRecord, { type: T }> } = {
  'JobOrdered.v1': compileSchema(
    'JobOrdered.v1',
    exactly({
      type: { const: 'JobOrdered.v1' },
      jobId,
      kind,
      workspaceId: shape.workspaceId,
      ownerId: shape.nullableText,
      requestedBy: shape.text,
      spec: replaySpec,
      desired: { enum: desiredJobStates },
      revision: { type: 'integer', minimum: 1 },
      createdAtMs: shape.epochMs,
    }),
  ),
  'JobProgressed.v1': compileSchema(
    'JobProgressed.v1',
    exactly({
      type: { const: 'JobProgressed.v1' },
      jobId,
      kind,
      state: { enum: jobStates },
      revision: shape.count,
      startedAtMs: shape.nullableEpochMs,
      checkpoint: byPartition(shape.count),
      counts: numbers,
      total: { type: ['integer', 'null'], minimum: 0 },
      done: shape.count,
      error: shape.nullableText,
      updatedAtMs: shape.epochMs,
    }),
  ),
};

const suffixes = { 'JobOrdered.v1': 'order', 'JobProgressed.v1': 'progress' } as const;

/**
 * Returns the key of a record. The order and the progress of a job have different keys, so that compaction never
 * replaces the record of one writer by that of the other.
 */
export const jobRecordKey = (id: string, type: JobRecord['type']): string => `${id}/${suffixes[type]}`;

/**
 * Returns the partition of a job's records, tombstones included: both keys of a job belong to it, so the worker of a
 * partition reads both. Publish with it, not by key.
 */
export const jobPartition = (id: string): number =>
  createHash('sha256').update(id).digest().readUInt32BE(0) % topics.jobs.partitions;

/** Encodes a record of the jobs topic. Write it to {@link jobPartition} of its job. */
export const encodeJobRecord = (record: JobRecord): WireRecord => {
  const { traceparent, ...rest } = { traceparent: undefined, ...record };
  return {
    key: jobRecordKey(record.jobId, record.type),
    headers: traceparent === undefined ? {} : { traceparent },
    value: Buffer.from(JSON.stringify(rest)),
  };
};

const isKnownType = (type: unknown): type is JobRecord['type'] =>
  typeof type === 'string' && Object.hasOwn(checks, type);

/** Decodes a record of the jobs topic other than a tombstone. Throws DecodeError. */
export const decodeJobRecord = (record: WireRecord): JobRecord => {
  if (record.value === null) throw new DecodeError('not a valid job record', 'the value is missing');
  const value = parseJson('job record', record.value.toString('utf8'));
  const type: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'type') : undefined;
  if (!isKnownType(type)) throw new DecodeError('not a valid job record', `its type is ${String(type)}`);
  const { traceparent } = record.headers;
  const decoded = checks[type](value);
  return decoded.type === 'JobOrdered.v1' && traceparent !== undefined
    ? { ...decoded, traceparent }
    : decoded;
};

import type { ReplaySpec, WorkspaceId } from '@tidings/contracts';
import { AppError, type Clock, refused } from '@tidings/runtime';
import type { TenantScope } from '../domain/tenant-scope.ts';
import type { Job } from '../jobs/domain/job.ts';
import { type StartParts, startJob } from '../jobs/start-job.ts';
import type { EventLogStart, ReplayedSubscriptions } from './ports.ts';

/** The dependencies of starting a replay. */
export type StartReplayParts = StartParts &
  Readonly<{
    log: EventLogStart;
    subscriptions: ReplayedSubscriptions;
    /** Returns the accepted time before which the events of a workspace have expired. */
    expiredBeforeMs: (workspaceId: WorkspaceId) => number;
    clock: Clock;
  }>;

/** A replay that a key requests. */
export type ReplayRequest = Readonly<{
  id: string;
  scope: TenantScope;
  requestedBy: string;
  spec: ReplaySpec;
  traceparent: string;
}>;

const isoTime = (ms: number): string => new Date(ms).toISOString();

const checkOffsets = async (
  log: EventLogStart,
  offsets: NonNullable<ReplaySpec['offsets']>,
  expiredBeforeMs: number,
): Promise<void> => {
  const firsts = await log.firstOffsets();
  const spans = Object.entries(offsets).map(([partition, [from]]) => ({
    partition: Number(partition),
    from,
  }));
  const known = spans.filter(({ partition, from }) => from >= (firsts.get(partition) ?? Infinity));
  const times = await log.timesAt(new Map(known.map(({ partition, from }) => [partition, from])));
  const details = spans.flatMap(({ partition, from }) => {
    const first = firsts.get(partition);
    const pointer = `/offsets/${partition}`;
    if (first === undefined) return [{ pointer, detail: 'is not a partition of the events topic' }];
    if (from < first) return [{ pointer, detail: `begins at ${from}: the log begins at ${first}` }];
    const atMs = times.get(partition) ?? Infinity;
    if (atMs >= expiredBeforeMs) return [];
    const kept = `the workspace keeps events from ${isoTime(expiredBeforeMs)} on`;
    return [{ pointer, detail: `begins at ${from}, an event of ${isoTime(atMs)}: ${kept}` }];
  });
  if (details.length > 0) throw refused(details);
};

/** Returns the time from which on every event can be replayed, if that is later than `fromMs`; else null. */
const completeFrom = async (
  log: EventLogStart,
  fromMs: number,
  expiredBeforeMs: number,
): Promise<number | null> => {
  const ofLogMs = (await log.completeFromMs()) ?? 0;
  // A retention that is longer than the log takes nothing away.
  const cutsLog = fromMs < expiredBeforeMs && ((await log.oldestMs()) ?? Infinity) < expiredBeforeMs;
  const completeMs = Math.max(ofLogMs, cutsLog ? expiredBeforeMs : 0);
  return fromMs < completeMs ? completeMs : null;
};

/** Checks that all events of the span are in the log and have not expired. Throws AppError `unprocessable`. */
const checkLog = async (
  log: EventLogStart,
  { fromMs = 0, offsets }: ReplaySpec,
  expiredBeforeMs: number,
): Promise<void> => {
  if (offsets !== undefined) {
    await checkOffsets(log, offsets, expiredBeforeMs);
    return;
  }
  const completeFromMs = await completeFrom(log, fromMs, expiredBeforeMs);
  if (completeFromMs === null) return;
  const oldest = isoTime(completeFromMs);
  const detail = `is before ${oldest}, the oldest time from which every event can be replayed`;
  const { message, code, details } = refused([{ pointer: '/from', detail }]);
  throw new AppError({
    code,
    message,
    ...(details !== undefined && { details }),
    members: { oldest_available: oldest },
  });
};

/** Checks that the scope contains the target, and that it receives anything. Throws AppError. */
const checkTarget = (
  subscriptions: ReplayedSubscriptions,
  { workspaceId, ownerId }: TenantScope,
  { target, holdLive }: ReplaySpec,
): void => {
  if (target.kind !== 'subscription') return;
  if (!subscriptions.isReady()) {
    const message = 'The subscriptions have not been read yet. Repeat the request.';
    throw new AppError({ code: 'unavailable', message, isPublic: true });
  }
  const found = subscriptions.get(target.subscriptionId);
  const isVisible =
    found !== undefined &&
    found.state !== 'deleted' &&
    found.workspaceId === workspaceId &&
    (ownerId === null || found.consumerId === ownerId);
  const pointer = '/target/subscription_id';
  // One outside the scope cannot be told from one that does not exist.
  if (!isVisible) throw refused([{ pointer, detail: `is no subscription: '${target.subscriptionId}'` }]);
  if (found.state === 'disabled') {
    throw refused([{ pointer, detail: `is disabled: '${target.subscriptionId}' would receive nothing` }]);
  }
  if (holdLive && found.ordering === 'none') {
    const detail = `is for ordered subscriptions: '${target.subscriptionId}' has no order`;
    throw refused([{ pointer: '/hold_live', detail }]);
  }
};

/** Starts a replay, which the fanout service carries out. Throws AppError if the log or the target does not permit it. */
export const startReplay = async (parts: StartReplayParts, request: ReplayRequest): Promise<Job> => {
  const { id, scope, requestedBy, spec, traceparent } = request;
  checkTarget(parts.subscriptions, scope, spec);
  await checkLog(parts.log, spec, parts.expiredBeforeMs(scope.workspaceId));
  const { workspaceId, ownerId } = scope;
  const { ratePerSecond } = spec;
  return startJob(parts, {
    ...{ id, kind: 'replay', workspaceId, ownerId, requestedBy, spec, ratePerSecond, traceparent },
    checkpoint: {},
  });
};

import type { ReplaySpec } from '@tidings/contracts';
import { AppError, type Clock, refused } from '@tidings/runtime';
import type { TenantScope } from '../domain/tenant-scope.ts';
import type { Job } from '../jobs/domain/job.ts';
import { type StartParts, startJob } from '../jobs/start-job.ts';
import type { EventLogStart, ReplayedSubscriptions } from './ports.ts';

/** The dependencies of starting a replay. */
export type StartReplayParts = StartParts &
  Readonly<{ log: EventLogStart; subscriptions: ReplayedSubscriptions; clock: Clock }>;

/** A replay that a key requests. */
export type ReplayRequest = Readonly<{
  id: string;
  scope: TenantScope;
  requestedBy: string;
  spec: ReplaySpec;
}>;

/** Checks that the log still has all events of the span. Throws AppError `unprocessable`. */
const checkLog = async (log: EventLogStart, { fromMs, offsets }: ReplaySpec): Promise<void> => {
  if (offsets !== undefined) {
    const firsts = await log.firstOffsets();
    const details = Object.entries(offsets).flatMap(([partition, [from]]) => {
      const first = firsts.get(Number(partition));
      const pointer = `/offsets/${partition}`;
      if (first === undefined) return [{ pointer, detail: 'is not a partition of the events topic' }];
      return from < first ? [{ pointer, detail: `begins at ${from}: the log begins at ${first}` }] : [];
    });
    if (details.length > 0) throw refused(details);
    return;
  }
  const completeFromMs = await log.completeFromMs();
  if (completeFromMs === null || (fromMs ?? 0) >= completeFromMs) return;
  const oldest = new Date(completeFromMs).toISOString();
  const detail = `is before ${oldest}, the oldest time from which the log has every event`;
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
  { target }: ReplaySpec,
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
};

/** Starts a replay, which the fanout service carries out. Throws AppError if the log or the target does not permit it. */
export const startReplay = async (parts: StartReplayParts, request: ReplayRequest): Promise<Job> => {
  const { id, scope, requestedBy, spec } = request;
  checkTarget(parts.subscriptions, scope, spec);
  await checkLog(parts.log, spec);
  const { workspaceId, ownerId } = scope;
  const { ratePerSecond } = spec;
  return startJob(parts, {
    ...{ id, kind: 'replay', workspaceId, ownerId, requestedBy, spec, ratePerSecond },
    checkpoint: {},
  });
};

import type { ErasureScope } from '@tidings/contracts';
import { AppError, type Clock } from '@tidings/runtime';
import type { DeliveryStore } from '../deliveries/ports.ts';
import type { TenantScope } from '../domain/tenant-scope.ts';
import type { EventStore } from '../events/ports.ts';
import type { Job } from '../jobs/domain/job.ts';
import { type StartParts, startJob } from '../jobs/start-job.ts';
import { type ErasureSpec, firstCheckpoint } from './domain/erasure-job.ts';
import type { IsConsumer } from './ports.ts';

/** The dependencies of starting an erasure. */
export type StartErasureParts = StartParts &
  Readonly<{
    events: Pick<EventStore, 'find' | 'list'>;
    deliveries: Pick<DeliveryStore, 'list'>;
    isConsumer: IsConsumer;
    clock: Clock;
  }>;

/** An erasure that a key requests. */
export type ErasureRequest = Readonly<{
  id: string;
  tenant: TenantScope;
  requestedBy: string;
  traceparent: string;
  scope: ErasureScope;
  reason: string | null;
}>;

const isKnownConsumer = async (
  { events, deliveries, isConsumer }: StartErasureParts,
  tenant: TenantScope,
  consumerId: Extract<ErasureScope, { kind: 'consumer' }>['consumerId'],
): Promise<boolean> => {
  if (isConsumer(tenant.workspaceId, consumerId)) return true;
  // One that was removed, or that an open workspace never had to register, has left these.
  const first = { limit: 1, after: null };
  const found = await Promise.all([
    events.list({ ...tenant, consumerId }, first),
    deliveries.list({ ...tenant, consumerId }, first),
  ]);
  return found.some(({ length }) => length > 0);
};

/** Returns the time before which the erasure covers what was accepted. Throws AppError `not-found`. */
const endOf = async (
  parts: StartErasureParts,
  { tenant, scope }: Pick<ErasureRequest, 'tenant' | 'scope'>,
): Promise<number> => {
  const nowMs = parts.clock.nowMs();
  if (scope.kind === 'event') {
    const event = await parts.events.find(scope.eventId, tenant);
    if (event === null)
      throw new AppError({ code: 'not-found', message: `There is no event '${scope.eventId}'.` });
    // The clock of the service that accepted it may be ahead of this one.
    return Math.max(nowMs, event.acceptedAtMs + 1);
  }
  if (await isKnownConsumer(parts, tenant, scope.consumerId)) return nowMs;
  throw new AppError({ code: 'not-found', message: `There is no consumer '${scope.consumerId}'.` });
};

/** Starts the erasure of an event or of a consumer. Throws AppError `not-found` for one outside of the workspace. */
export const startErasure = async (
  parts: StartErasureParts,
  { id, tenant, requestedBy, traceparent, scope, reason }: ErasureRequest,
): Promise<Job> => {
  const spec: ErasureSpec = { scope, beforeMs: await endOf(parts, { tenant, scope }), reason };
  const { workspaceId, ownerId } = tenant;
  return startJob(parts, {
    ...{ id, kind: 'erasure', workspaceId, ownerId, requestedBy, traceparent, spec },
    ratePerSecond: null,
    checkpoint: firstCheckpoint,
  });
};

import { setTimeout as wait } from 'node:timers/promises';
import { callApi } from '../api/call-api.ts';
import type { Target } from '../api/find-target.ts';
import { CommandFailed } from '../command-failed.ts';

/** A delivery as a list shows it. */
export type ShownDelivery = Readonly<{
  id: string;
  subscription_id: string;
  status: string;
  status_reason?: string | null;
}>;

/** The event that a webhook became, by the id of either side. */
export type Sought = Readonly<{ id: string } | { callerId: string; source: string }>;

/** The event and its deliveries, as far as they are known at the end. */
export type Found = Readonly<{ eventId: string | null; deliveries: readonly ShownDelivery[] }>;

const pauseMs = 300;
// An event that is listed this long without a delivery matches no subscription.
const graceMs = 3_000;
const unfinished = ['pending', 'retrying'];

/** Waits until each delivery of an event has been attempted, at most `timeoutMs`. */
export async function awaitDeliveries(target: Target, sought: Sought, timeoutMs: number): Promise<Found> {
  const beganMs = performance.now();
  let listedMs: number | null = null;
  for (;;) {
    const nowMs = performance.now() - beganMs;
    const eventId = await findEvent(target, sought);
    if (eventId !== null) listedMs ??= nowMs;
    const deliveries = eventId === null ? [] : await listDeliveries(target, eventId);
    const isTried = deliveries.length > 0 && deliveries.every(({ status }) => !unfinished.includes(status));
    const isUnmatched = deliveries.length === 0 && listedMs !== null && nowMs - listedMs > graceMs;
    if (isTried || isUnmatched || nowMs > timeoutMs) return { eventId, deliveries };
    await wait(pauseMs);
  }
}

async function findEvent(target: Target, sought: Sought): Promise<string | null> {
  if ('id' in sought) return (await isListed(target, sought.id)) ? sought.id : null;
  const { callerId, source } = sought;
  const query = { caller_id: callerId, source, limit: '1' };
  const [event] = await listOf<{ id: string }>(target, '/v1/webhooks/events', query);
  return event?.id ?? null;
}

async function isListed(target: Target, id: string): Promise<boolean> {
  try {
    await callApi(target, { method: 'GET', path: `/v1/webhooks/events/${id}` });
    return true;
  } catch (error) {
    // The history has an event a moment after the log.
    if (error instanceof CommandFailed && error.status === 404) return false;
    throw error;
  }
}

const listDeliveries = async (target: Target, eventId: string): Promise<readonly ShownDelivery[]> =>
  listOf<ShownDelivery>(target, '/v1/webhooks/deliveries', { event_id: eventId, limit: '100' });

async function listOf<T>(
  target: Target,
  path: string,
  query: Readonly<Record<string, string>>,
): Promise<readonly T[]> {
  const page = await callApi(target, { method: 'GET', path, query });
  const data: unknown = typeof page === 'object' && page !== null ? Reflect.get(page, 'data') : undefined;
  return Array.isArray(data) ? (data as readonly T[]) : [];
}

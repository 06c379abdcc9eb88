import type { EventId } from '@tidings/contracts';
import { BoundedMap } from '@tidings/runtime';
import type { LoggedEvent } from '../ports.ts';
import { coversHeaders, type ReplayOrder } from './domain/replay-scope.ts';
import type { ReplayLog } from './ports.ts';
import { readSpan } from './read-span.ts';

const maxEvents = 100_000;

type Options = Readonly<{
  log: ReplayLog;
  order: ReplayOrder;
  /** The time within which fan-out drops a repeat of an event. */
  windowMs: number;
  signal: AbortSignal;
}>;

/**
 * Reads the events that were accepted within the window before the span of a replay, and returns which records of the span repeat one of them.
 * Fan-out has dropped these: the event was delivered as its first record has it, whose time is part of the body. A replay
 * of the second one would send other bytes under the same `webhook-id`.
 */
export const readEarlierEvents = async ({
  log,
  order,
  windowMs,
  signal,
}: Options): Promise<(logged: LoggedEvent) => boolean> => {
  const { fromMs, offsets } = order.spec;
  if (fromMs === undefined || offsets !== undefined) return () => false;
  const span = await log.spanOf({ ...order.spec, fromMs: fromMs - windowMs, toMs: fromMs });
  const acceptedMs = new BoundedMap<EventId, number>(maxEvents);
  const accepts = (headers: Readonly<Record<string, string>>) => coversHeaders(order, headers);
  for await (const { events } of readSpan(log, span, { accepts, signal }))
    for (const { event, timestampMs } of events)
      if (timestampMs < fromMs) acceptedMs.set(event.id, timestampMs);
  return ({ event, timestampMs }) => {
    const earlierMs = acceptedMs.get(event.id);
    return earlierMs !== undefined && timestampMs - earlierMs <= windowMs;
  };
};

import type { EventId } from '@tidings/contracts';
import { BoundedMap } from '@tidings/runtime';
import type { LoggedEvent } from '../ports.ts';
import { coversEvent, coversHeaders, type ReplayOrder } from './domain/replay-scope.ts';
import type { ReplayLog } from './ports.ts';
import { readSpan } from './read-span.ts';

const maxEvents = 100_000;

/** A record's place in its partition, which is the same for all records of an event, and its time. */
type Place = Pick<LoggedEvent, 'offset' | 'timestampMs'>;

/**
 * The events of which the log has a record that a replay does not cover, because it was accepted at another time. Of the records of an
 * event, fan-out has sent the first in the log, whose time is part of the body, and dropped the others: a replay of one of these would
 * send other bytes under the same `webhook-id`. The first in the log need not have the earliest time: a publisher that got no
 * answer repeats the event at another instance, whose record can be written sooner.
 */
export class EarlierEvents {
  readonly #windowMs: number;
  readonly #first = new BoundedMap<EventId, Place>(maxEvents);

  /** `windowMs`: the time within which fan-out drops a repeat of an event. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Notes a record that the replay does not cover. */
  add(logged: LoggedEvent): void {
    const { event, offset, timestampMs } = logged;
    if (!this.hasRecordBefore(logged)) this.#first.set(event.id, { offset, timestampMs });
  }

  /** Returns whether a record repeats one that the replay does not cover. */
  hasRecordBefore({ event, offset, timestampMs }: LoggedEvent): boolean {
    const first = this.#first.get(event.id);
    if (first === undefined || first.offset >= offset) return false;
    return Math.abs(timestampMs - first.timestampMs) <= this.#windowMs;
  }
}

type Options = Readonly<{
  log: ReplayLog;
  order: ReplayOrder;
  windowMs: number;
  signal: AbortSignal;
}>;

/** Reads what was accepted within the window before the span of a replay. */
export const readEarlierEvents = async ({
  log,
  order,
  windowMs,
  signal,
}: Options): Promise<EarlierEvents> => {
  const earlier = new EarlierEvents(windowMs);
  const { fromMs, offsets } = order.spec;
  if (fromMs === undefined || offsets !== undefined) return earlier;
  const span = await log.spanOf({ ...order.spec, fromMs: fromMs - windowMs, toMs: fromMs });
  const accepts = (headers: Readonly<Record<string, string>>) => coversHeaders(order, headers);
  for await (const { events } of readSpan(log, span, { accepts, signal }))
    for (const logged of events)
      if (!coversEvent(order, logged.event, logged.timestampMs)) earlier.add(logged);
  return earlier;
};

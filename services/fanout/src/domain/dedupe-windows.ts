import type { EventAccepted } from '@tidings/contracts';
import { type DedupeResult, DedupeWindow, fingerprintOf, type WindowBounds } from './dedupe-window.ts';

/**
 * Returns true for an event of a source that has an id of the provider. Without one each repeat has a new id: remembering
 * it would recognise nothing, and displace others.
 */
export const hasProvidersId = ({
  received,
  callerId,
}: Pick<EventAccepted, 'received' | 'callerId'>): boolean => received !== undefined && callerId !== null;

type Logged = Readonly<{
  event: Parameters<typeof fingerprintOf>[0] & Pick<EventAccepted, 'callerId'>;
  offset: number;
  timestampMs: number;
}>;

/** Bounds of both windows. */
export type WindowsBounds = Readonly<{ published: WindowBounds; received: WindowBounds }>;

/**
 * The windows of one partition: one for published events, whose callers repeat them within minutes, and one for events of
 * sources, whose providers repeat them for days.
 */
export class DedupeWindows {
  readonly published: DedupeWindow;
  readonly received: DedupeWindow;

  constructor(bounds: WindowsBounds) {
    this.published = new DedupeWindow(bounds.published);
    this.received = new DedupeWindow(bounds.received);
  }

  get size(): number {
    return this.published.size + this.received.size;
  }

  /** Checks an event in its window, and adds it if it is the first of its id. One without an id is always the first. */
  see({ event, offset, timestampMs }: Logged): DedupeResult {
    if (event.received !== undefined && !hasProvidersId(event)) return 'first';
    const window = event.received === undefined ? this.published : this.received;
    return window.see({ id: event.id, offset, timestampMs, fingerprint: fingerprintOf(event) });
  }
}

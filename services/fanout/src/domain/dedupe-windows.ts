import { type DedupeResult, DedupeWindow, fingerprintOf, type WindowBounds } from './dedupe-window.ts';

type Logged = Readonly<{
  event: Parameters<typeof fingerprintOf>[0];
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

  /** Checks an event in its window, and adds it if it is the first of its id. */
  see({ event, offset, timestampMs }: Logged): DedupeResult {
    const window = event.received === undefined ? this.published : this.received;
    return window.see({ id: event.id, offset, timestampMs, fingerprint: fingerprintOf(event) });
  }
}

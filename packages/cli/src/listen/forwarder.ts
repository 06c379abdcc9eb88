import type { Target } from '../api/find-target.ts';
import type { StreamFrame } from '../api/follow-stream.ts';
import { postWebhook } from '../triggers/post-webhook.ts';
import { QueueByKey } from './queue-by-key.ts';
import { type ReadEvent, readEvent } from './read-event.ts';
import { ResumePoint } from './resume-point.ts';
import type { Render } from './webhook-of-event.ts';

/** The result of one request. `status`: null if there was no response. */
export type Forwarded = Readonly<{
  event_id: string;
  event_type: string;
  /** 1 for the first request with this event, more for those that were asked for. */
  attempt: number;
  status: number | null;
  duration_ms: number;
  error: string | null;
}>;

/** Options of a forwarder. Headers are added to each request and take precedence. */
export type ForwarderOptions = Readonly<{
  target: Target;
  url: string;
  render: Render;
  headers: Readonly<Record<string, string>>;
  timeoutMs: number;
  onResult(result: Forwarded): void;
}>;

const concurrency = 10;
const maxWaiting = 100;

type Sent = { event: ReadEvent; data: Buffer; attempts: number; isFailed: boolean };

/** Forwards events to one URL: up to 10 at a time, those of one ordering key in order. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #queue = new QueueByKey({ concurrency, maxWaiting });
  readonly #stop = new AbortController();
  readonly #point = new ResumePoint();
  readonly counts = { forwarded: 0, failed: 0 };
  #last: Sent | undefined;
  #lastFailed: Sent | undefined;

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  /** The stream id after which a later start goes on. */
  get resumeId(): string | undefined {
    return this.#point.id;
  }

  /** Passes a message that is not forwarded. */
  pass(frame: StreamFrame): void {
    this.#point.begin(frame.id)();
  }

  /** Forwards the event of a message. Resolves when there is room for another one. */
  async add(frame: StreamFrame): Promise<void> {
    const done = this.#point.begin(frame.id);
    const id = String(frame.data['event_id']);
    const key = frame.data['ordering_key'];
    await this.#queue.add(typeof key === 'string' ? `key ${key}` : id, async () => {
      if (await this.#read(id, String(frame.data['event_type']))) done();
    });
  }

  /** Sends the last failed event again, else the last one. Returns false if there is none. */
  async resend(): Promise<boolean> {
    const sent = this.#lastFailed ?? this.#last;
    if (sent === undefined) return false;
    await this.#queue.add(`resend ${sent.event.id}`, async () => {
      await this.#send(sent);
    });
    return true;
  }

  /** Resolves when everything has been sent; after `graceMs` without waiting for responses. */
  async close(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.#stop.abort(), graceMs);
    await this.#queue.idle();
    clearTimeout(timer);
  }

  /** Returns false if it was stopped before the event was sent. */
  async #read(id: string, type: string): Promise<boolean> {
    try {
      const event = await readEvent(this.#options.target, id, this.#stop.signal);
      if (event.data === null) throw new Error(`its data is ${event.dataStatus}`);
      return await this.#send({ event, data: event.data, attempts: 0, isFailed: false });
    } catch (error) {
      if (this.#stop.signal.aborted) return false;
      const reason = error instanceof Error ? error.message : String(error);
      this.#report({
        event_id: id,
        event_type: type,
        attempt: 0,
        status: null,
        duration_ms: 0,
        error: reason,
      });
      return true;
    }
  }

  async #send(sent: Sent): Promise<boolean> {
    const { url, render, headers: own, timeoutMs } = this.#options;
    const { event, data } = sent;
    sent.attempts += 1;
    const { headers, body } = render(event, data, Date.now());
    const about = { event_id: event.id, event_type: event.type, attempt: sent.attempts };
    const beganMs = performance.now();
    const { signal } = this.#stop;
    try {
      const request = { headers: { ...headers, ...own }, body, timeoutMs, signal };
      const { status, tookMs } = await postWebhook(url, request);
      this.#keep(sent, status >= 300);
      this.#report({ ...about, status, duration_ms: tookMs, error: null });
    } catch (error) {
      if (signal.aborted) return false;
      const reason = error instanceof Error ? error.message : String(error);
      this.#keep(sent, true);
      const tookMs = Math.round(performance.now() - beganMs);
      this.#report({ ...about, status: null, duration_ms: tookMs, error: reason });
    }
    return true;
  }

  #keep(sent: Sent, isFailed: boolean): void {
    this.#last = sent;
    if (isFailed) this.#lastFailed = sent;
    else if (this.#lastFailed === sent) this.#lastFailed = undefined;
  }

  #report(result: Forwarded): void {
    const isFailed = result.status === null || result.status >= 300;
    this.counts.forwarded += isFailed ? 0 : 1;
    this.counts.failed += isFailed ? 1 : 0;
    this.#options.onResult(result);
  }
}

import type { Attributes } from '@opentelemetry/api';
import { AppError } from '@tidings/runtime';
import { createSpan, sendSpan } from './messaging-span.ts';
import { sampledTraceparent } from './traceparent.ts';
import { childTraceparent, isRecorded, recordSpan } from './tracing.ts';

/**
 * Work that sends messages of older traces: a request, or a part of a job. `parent`: the context of that work, absent if
 * it has none. `records`: the messages whose spans are recorded, those of traces that are (default), or every one if the
 * work itself is recorded: only for few.
 */
export type SendingWork = Readonly<{
  topic: string;
  parent: string | null | undefined;
  records?: 'recorded traces' | 'all';
  attributes?: Attributes;
}>;

/** A message that is about to be sent. `parent`: the context that it had until now. */
export type MadeMessage = Readonly<{ parent: string | null; messageId: string; attributes?: Attributes }>;

type Created = MadeMessage & Readonly<{ traceparent: string; startMs: number }>;

// As many as OpenTelemetry keeps of one span by default (OTEL_SPAN_LINK_COUNT_LIMIT).
const maxLinks = 128;

/**
 * Messages of older traces that one piece of work sends. Each gets a span in its own trace, and the work one in the trace
 * of what asked for it; they are linked with each other. `open → ended`.
 */
export class CreatedMessages {
  readonly #work: SendingWork;
  readonly #startMs = Date.now();
  readonly #sending: string | undefined;
  #created: Created[] | undefined;
  #count = 0;

  constructor(work: SendingWork) {
    this.#work = work;
    if (isRecorded(work.parent)) this.#sending = childTraceparent(work.parent);
  }

  /** Number of messages that were added. */
  get count(): number {
    return this.#count;
  }

  /** Adds a message, and returns the context that it has to carry. */
  add(message: MadeMessage): string | null {
    this.#count += 1;
    const traceparent = this.#contextOf(message.parent);
    if (traceparent === undefined) return message.parent;
    this.#created ??= [];
    this.#created.push({ ...message, traceparent, startMs: Date.now() });
    return traceparent;
  }

  /** Does the work, and records the spans when it has ended. */
  async during<Result>(work: () => Promise<Result>): Promise<Result> {
    let error: string | undefined = 'failed';
    try {
      const result = await work();
      error = undefined;
      return result;
    } catch (thrown) {
      if (thrown instanceof AppError) error = thrown.code;
      throw thrown;
    } finally {
      this.end(error);
    }
  }

  /** Records the spans, once the messages are in the log, or with the class of failure. Of work without messages: none. */
  end(error?: string): void {
    const { topic, parent, attributes } = this.#work;
    const created = this.#created ?? [];
    const sending = this.#sending;
    const common = { topic, ...(error === undefined ? {} : { error }) };
    const links = sending === undefined ? [] : [sending];
    for (const message of created) recordSpan(createSpan({ ...message, ...common, links }));
    if (sending === undefined || this.#count === 0) return;
    recordSpan(
      sendSpan({
        ...{ ...common, parent, traceparent: sending, startMs: this.#startMs, count: this.#count },
        ...{ carries: 'earlier context', attributes: { ...attributes } },
        links: created.slice(0, maxLinks).map(({ traceparent }) => traceparent),
      }),
    );
  }

  #contextOf(parent: string | null): string | undefined {
    if (isRecorded(parent)) return childTraceparent(parent);
    if (this.#work.records !== 'all' || this.#sending === undefined) return undefined;
    return parent === null ? undefined : sampledTraceparent(childTraceparent(parent));
  }
}

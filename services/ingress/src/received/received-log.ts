import { newReceivedId, type RefusalReason, type WebhookReceived } from '@tidings/contracts';
import { traceFields } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import { type AcceptedWebhook, acceptedFactOf, factOf, type ReceivedAt } from '../domain/webhook-fact.ts';
import { type FactOutput, publishFacts } from './publish-facts.ts';

/** The dependencies of the log. */
export type ReceivedLogParts = FactOutput & Readonly<{ clock: Clock }>;

/** Details of a refused webhook. `bytes`: null if its body was not read. */
export type RefusedWebhook = Readonly<{ reason: RefusalReason; bytes: number | null; traceparent: string }>;

/** Refusals of a source for one reason since the last write. `fact` describes the first. */
type Sum = { readonly fact: WebhookReceived; readonly traceparent: string; count: number };

/** A webhook since the last write, and the sum of its repeats; undefined if there is none. */
type Repeats = { readonly firstAtMs: number; sum: Pick<Sum, 'fact' | 'count'> | undefined };

const everyMs = 1_000;
/** Maximum number of facts in memory, of some 500 bytes each; and of one source, so that a flooded one leaves room. */
const maxWaiting = 5_000;
const maxWaitingOfSource = 4_000;
/** Maximum number of sums in memory: sources times reasons. */
const maxSums = 1_000;
const maxLines = 20;
// No more: the events wait in the same buffer.
const recordsAtOnce = 1_000;
const closeDeadlineMs = 1_000;

/**
 * Writes what sources received to `tidings.received`, once a second. It delays and fails no webhook: what cannot be
 * written is dropped and counted. Refusals of a source for one reason are one fact and one log line a second, and the
 * repeats of a webhook are one fact, so that a sender without a key cannot fill topic or logs: who has seen a valid
 * webhook can send it again and again.
 */
export class ReceivedLog {
  readonly #parts: ReceivedLogParts;
  #waiting: WebhookReceived[] = [];
  readonly #waitingOf = new Map<string, number>();
  readonly #sums = new Map<string, Sum>();
  /** Accepted webhooks since the last write, with the sum of their repeats. */
  readonly #accepted = new Map<string, Repeats>();
  #cancelTimer: (() => void) | null = null;
  #writing: Promise<void> | null = null;
  #isClosed = false;

  constructor(parts: ReceivedLogParts) {
    this.#parts = parts;
  }

  /** Notes a webhook whose events the log has. Returns at once and never throws. */
  accepted(source: ReceivedAt, webhook: AcceptedWebhook): void {
    const fact = acceptedFactOf(source, webhook, this.#parts.clock.nowMs());
    const key = [source.id, fact.events, ...fact.eventIds].join(' ');
    const known = fact.events === 0 ? undefined : this.#accepted.get(key);
    if (known?.sum !== undefined) {
      known.sum.count += 1;
      return;
    }
    if (known === undefined) {
      if (this.#add(fact)) this.#accepted.set(key, { firstAtMs: fact.atMs, sum: undefined });
      return;
    }
    // The webhook with the smaller id is the first one.
    const id = newReceivedId(Math.max(fact.atMs, known.firstAtMs + 1));
    known.sum = { fact: { ...fact, id }, count: 1 };
  }

  /** Notes a request that only checked the endpoint. */
  checked(source: ReceivedAt, bytes: number): void {
    this.#add({ ...this.#factOf(source, 'checked'), bytes });
  }

  /** Notes a refused webhook. */
  refused(source: ReceivedAt, { reason, bytes, traceparent }: RefusedWebhook): void {
    const key = `${source.id} ${reason}`;
    const sum = this.#sums.get(key);
    if (sum !== undefined) {
      sum.count += 1;
      return;
    }
    if (this.#sums.size >= maxSums) {
      this.#drop(1);
      return;
    }
    const fact = { ...this.#factOf(source, 'refused'), reason, bytes };
    this.#sums.set(key, { fact, traceparent, count: 1 });
    this.#schedule();
  }

  /** Writes what waits, for at most a second, and nothing more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelTimer?.();
    await this.#writing;
    this.#takeSums();
    await this.#write({ deadlineMs: closeDeadlineMs });
  }

  #factOf(source: ReceivedAt, outcome: WebhookReceived['outcome']): WebhookReceived {
    return factOf(source, outcome, this.#parts.clock.nowMs());
  }

  /** Returns false if it was dropped. */
  #add(fact: WebhookReceived): boolean {
    const ofSource = this.#waitingOf.get(fact.sourceId) ?? 0;
    if (this.#waiting.length >= maxWaiting || ofSource >= maxWaitingOfSource) {
      this.#drop(1);
      return false;
    }
    this.#waiting.push(fact);
    this.#waitingOf.set(fact.sourceId, ofSource + 1);
    this.#schedule();
    return true;
  }

  /** Takes the next facts to write. */
  #take(): readonly WebhookReceived[] {
    const facts = this.#waiting.splice(0, recordsAtOnce);
    for (const { sourceId } of facts) {
      const left = (this.#waitingOf.get(sourceId) ?? 1) - 1;
      if (left > 0) this.#waitingOf.set(sourceId, left);
      else this.#waitingOf.delete(sourceId);
    }
    return facts;
  }

  #drop(facts: number): void {
    this.#parts.metrics.receivedFacts.inc({ outcome: 'dropped' }, facts);
  }

  #schedule(): void {
    if (this.#isClosed || this.#cancelTimer !== null) return;
    this.#cancelTimer = this.#parts.clock.setTimer(() => {
      this.#cancelTimer = null;
      this.#takeSums();
      this.#writing ??= this.#write().finally(() => {
        this.#writing = null;
        if (this.#waiting.length > 0) this.#schedule();
      });
    }, everyMs);
  }

  /** Turns the sums into facts and log lines. */
  #takeSums(): void {
    const sums = [...this.#sums.values()];
    this.#sums.clear();
    const { logger } = this.#parts;
    for (const { fact, traceparent, count } of sums.slice(0, maxLines)) {
      const { sourceId, workspaceId, provider, reason, bytes } = fact;
      logger.info(
        { sourceId, workspaceId, provider, reason, count, bytes, ...traceFields(traceparent) },
        'webhook.refused',
      );
    }
    const unlisted = sums.slice(maxLines);
    const requests = unlisted.reduce((total, { count }) => total + count, 0);
    if (requests > 0) logger.info({ sums: unlisted.length, count: requests }, 'webhook.more-refused');
    const repeats = [...this.#accepted.values()].flatMap(({ sum }) => (sum === undefined ? [] : [sum]));
    this.#accepted.clear();
    for (const { fact, count } of [...sums, ...repeats]) this.#add({ ...fact, count });
  }

  async #write(options: Readonly<{ deadlineMs?: number }> = {}): Promise<void> {
    // A sum has the time of its first refusal.
    this.#waiting.sort((a, b) => (a.id < b.id ? -1 : 1));
    while (this.#waiting.length > 0) await publishFacts(this.#parts, this.#take(), options);
  }
}

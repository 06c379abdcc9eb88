import type { AttemptRecorded, SubscriptionId } from '@tidings/contracts';
import type { Assignment, WorkBatch, WorkItem } from '@tidings/kafka';
import type { Metrics } from '@tidings/observability';
import type { metricsCatalogue } from '../metrics.ts';
import { type CountedAttempt, countedAttempt } from './domain/counted-attempt.ts';
import { type AttemptBatch, HealthCounter, type HealthParts } from './health-counter.ts';

/** Dependencies of {@link AttemptCounter}. */
export type AttemptCounterParts = Omit<HealthParts, 'endOf' | 'isOurs'> &
  Readonly<{ metrics: Pick<Metrics<typeof metricsCatalogue>['handles'], 'attemptsCounted'> }>;

type WaitingAttempt = Readonly<{
  id: SubscriptionId;
  attempt: CountedAttempt;
  item: WorkItem<AttemptRecorded>;
}>;
/** `end`: the first offset that is not yet in the log of the partition, as far as is known. */
type PartitionState = { waiting: WaitingAttempt[]; end: number };

/** Waiting attempts of one endpoint. */
type EndpointAttempts = Readonly<{ id: SubscriptionId; waiting: readonly WaitingAttempt[] }>;

// Endpoints per database read and write.
const endpointsAtOnce = 200;
// Attempts whose events are sent in one publish.
const attemptsAtOnce = 500;

/**
 * Buffers attempts and counts them periodically: one health record per endpoint and run, so that the cost does not grow
 * with a burst of attempts. An attempt is done once it is counted.
 */
export class AttemptCounter {
  readonly #metrics: AttemptCounterParts['metrics'];
  readonly #counter: HealthCounter;
  readonly #partitions = new Map<number, PartitionState>();

  constructor(parts: AttemptCounterParts) {
    this.#metrics = parts.metrics;
    this.#counter = new HealthCounter({
      ...parts,
      endOf: (partition) => this.#partitions.get(partition)?.end ?? Number.POSITIVE_INFINITY,
      isOurs: (partition) => this.#partitions.has(partition),
    });
  }

  assigned({ partition, highOffset }: Assignment): void {
    this.#partitions.set(partition, { waiting: [], end: Number(highOffset) });
  }

  /** Drops the waiting attempts; the next owner of the partition reads them again. */
  revoked(partition: number): void {
    this.#partitions.delete(partition);
    this.#counter.forget();
  }

  take({ partition, items }: WorkBatch<AttemptRecorded>): void {
    const state = this.#partitions.get(partition);
    if (state === undefined) return;
    for (const item of items) {
      const offset = Number(item.record.offset);
      state.end = Math.max(state.end, offset + 1);
      const attempt = countedAttempt(item.message, { partition, offset });
      if (attempt === null) item.done();
      else state.waiting.push({ id: item.message.subscriptionId, attempt, item });
    }
  }

  /** Counts the waiting attempts. Attempts that fail remain waiting; throws the first error. */
  async flush(): Promise<void> {
    const failures: unknown[] = [];
    const endpoints = [...this.#takeWaiting()].map(([id, waiting]) => ({ id, waiting }));
    for (let from = 0; from < endpoints.length; from += endpointsAtOnce) {
      let remaining: readonly EndpointAttempts[] = endpoints.slice(from, from + endpointsAtOnce);
      while (remaining.length > 0) remaining = await this.#countFirst(remaining, failures);
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Counts the first attempts of each endpoint; returns the remaining ones. */
  async #countFirst(
    endpoints: readonly EndpointAttempts[],
    failures: unknown[],
  ): Promise<readonly EndpointAttempts[]> {
    const failed = await this.#counter.count(endpoints.flatMap(toBatch));
    failures.push(...failed.values());
    const remaining: EndpointAttempts[] = [];
    for (const { id, waiting } of endpoints) {
      if (failed.has(id)) {
        this.#putBack(waiting);
        continue;
      }
      const head = waiting.slice(0, attemptsAtOnce);
      this.#metrics.attemptsCounted.inc({}, head.length);
      for (const { item } of head) item.done();
      if (waiting.length > head.length) remaining.push({ id, waiting: waiting.slice(head.length) });
    }
    return remaining;
  }

  #takeWaiting(): Map<SubscriptionId, WaitingAttempt[]> {
    const groups = new Map<SubscriptionId, WaitingAttempt[]>();
    for (const state of this.#partitions.values()) {
      for (const waiting of state.waiting) {
        const group = groups.get(waiting.id);
        if (group === undefined) groups.set(waiting.id, [waiting]);
        else group.push(waiting);
      }
      state.waiting = [];
    }
    return groups;
  }

  // Inserts before attempts that arrived meanwhile, because attempts are counted in the order of offsets.
  #putBack(waiting: readonly WaitingAttempt[]): void {
    for (const one of [...waiting].reverse()) {
      this.#partitions.get(one.attempt.position.partition)?.waiting.unshift(one);
    }
  }
}

function toBatch({ id, waiting }: EndpointAttempts): AttemptBatch[] {
  const [first, ...rest] = waiting.slice(0, attemptsAtOnce).map(({ attempt }) => attempt);
  return first === undefined ? [] : [{ id, attempts: [first, ...rest] }];
}

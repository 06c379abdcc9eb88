import type { AttemptRecorded, SubscriptionId, WorkspaceId } from '@tidings/contracts';
import type { Assignment, WorkBatch, WorkItem } from '@tidings/kafka';
import type { Metrics } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';
import { type CountedAttempt, countedAttempt } from './domain/counted-attempt.ts';
import { type EndpointHealth, noHealth, withAttempts } from './domain/endpoint-health.ts';
import type { HealthPolicy } from './domain/health-transition.ts';
import type { HealthStore } from './ports.ts';
import type { TellTransitions } from './tell-transitions.ts';

/** What counting works with. `countedVersionOf`: as the topic says; 0 for a subscription it does not know. */
export type CountParts = Readonly<{
  health: HealthStore;
  countedVersionOf(id: SubscriptionId): number;
  policyOf(workspace: WorkspaceId): HealthPolicy;
  tell: TellTransitions;
  metrics: Pick<Metrics<typeof metricsCatalogue>['handles'], 'attemptsCounted'>;
}>;

type Waiting = Readonly<{ id: SubscriptionId; attempt: CountedAttempt; item: WorkItem<AttemptRecorded> }>;
/** `end`: the first offset that is not in the log of the partition, as far as is known. */
type PartitionState = { waiting: Waiting[]; end: number };

// Each write is one small document; the database has other work too.
const writersAtOnce = 8;
const maxTries = 5;
// What comes of them travels in one publish.
const attemptsAtOnce = 500;
// Of endpoints that are in use; some 300 bytes each.
const maxRemembered = 20_000;

/**
 * Counts attempts into the health of their subscriptions. Records are gathered and written a subscription at a time, so a
 * flood of attempts costs a write for each endpoint and turn, not for each attempt. What the owner is to be told is told
 * before the count is written, and a record is done when it is written: a crash in between counts and tells again, and
 * the same attempts give the same events under the same ids.
 */
export class AttemptCounter {
  readonly #parts: CountParts;
  readonly #partitions = new Map<number, PartitionState>();
  /**
   * What was written last, so that each turn need not read it again. Whoever else has written since, as the owner of a
   * partition or by a purge, lets our compare-and-set fail, and it is read after all.
   */
  readonly #written = new Map<SubscriptionId, EndpointHealth>();

  constructor(parts: CountParts) {
    this.#parts = parts;
  }

  assigned({ partition, highOffset }: Assignment): void {
    this.#partitions.set(partition, { waiting: [], end: Number(highOffset) });
  }

  /** What waits is dropped: the next owner of the partition reads it again. */
  revoked(partition: number): void {
    this.#partitions.delete(partition);
    // Somebody else counts on from here, and only what is read again knows how far.
    this.#written.clear();
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

  /** Writes what waits. What could not be written waits on, and the error of the first comes out. */
  async flush(): Promise<void> {
    const groups = [...this.#takeWaiting()];
    const failures: unknown[] = [];
    const work = groups.values();
    const writer = async (): Promise<void> => {
      for (const [id, waiting] of work) {
        let from = 0;
        try {
          for (; from < waiting.length; from += attemptsAtOnce) {
            await this.#count(id, waiting.slice(from, from + attemptsAtOnce));
          }
        } catch (error) {
          failures.push(error);
          this.#putBack(waiting.slice(from));
        }
      }
    };
    await Promise.all(Array.from({ length: writersAtOnce }, writer));
    if (failures.length > 0) throw failures[0];
  }

  #takeWaiting(): Map<SubscriptionId, Waiting[]> {
    const groups = new Map<SubscriptionId, Waiting[]>();
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

  // In front of what came meanwhile: the order of offsets is the order of counting.
  #putBack(waiting: readonly Waiting[]): void {
    for (const one of [...waiting].reverse()) {
      this.#partitions.get(one.attempt.position.partition)?.waiting.unshift(one);
    }
  }

  async #count(id: SubscriptionId, waiting: readonly Waiting[]): Promise<void> {
    const { health, countedVersionOf, policyOf, tell, metrics } = this.#parts;
    const attempts = waiting.map(({ attempt }) => attempt);
    const [first] = attempts;
    if (first === undefined) return;
    for (let tries = 1; tries <= maxTries; tries += 1) {
      const stored = this.#written.get(id) ?? (await health.find(id));
      const before = stored ?? noHealth(id);
      const { health: after, transitions } = withAttempts(before, attempts, {
        countedVersion: countedVersionOf(id),
        policy: policyOf(first.workspaceId),
        endOf: (partition) => this.#partitions.get(partition)?.end ?? Number.POSITIVE_INFINITY,
      });
      if (transitions.length > 0) await tell(id, transitions);
      const isWritten =
        after === before || (stored === null ? await health.insert(after) : await health.replace(after));
      if (isWritten) {
        if (this.#partitions.has(first.position.partition)) this.#remember(id, after);
        metrics.attemptsCounted.inc({}, attempts.length);
        for (const { item } of waiting) item.done();
        return;
      }
      this.#written.delete(id);
    }
    throw new AppError({
      code: 'conflict',
      message: `the health of ${id} changes faster than it can be written`,
    });
  }

  #remember(id: SubscriptionId, health: EndpointHealth): void {
    // Nothing was counted and nothing is stored.
    if (health.rev === 0) return;
    if (this.#written.size >= maxRemembered) this.#written.clear();
    this.#written.set(id, health);
  }
}

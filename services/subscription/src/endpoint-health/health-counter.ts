import type { SubscriptionId, WorkspaceId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { forEachConcurrently } from '../maintenance/for-each-concurrently.ts';
import type { ApplyHealthTransitions, Failures } from './apply-health-transitions.ts';
import type { CountedAttempt } from './domain/counted-attempt.ts';
import { type EndpointHealth, noHealth, withAttempts } from './domain/endpoint-health.ts';
import type { HealthPolicy, HealthTransition } from './domain/health-transition.ts';
import type { HealthStore } from './ports.ts';

/**
 * Dependencies of {@link HealthCounter}. `countedVersionOf` returns the version on the topic, or 0 for an unknown
 * subscription.
 */
export type HealthParts = Readonly<{
  health: HealthStore;
  countedVersionOf(id: SubscriptionId): number;
  policyOf(workspace: WorkspaceId): HealthPolicy;
  applyTransitions: ApplyHealthTransitions;
  /** Returns the first offset of a partition that is not yet in its log. */
  endOf(partition: number): number;
  /** Returns whether this instance owns the partition. The health of endpoints in other partitions is not cached. */
  isOurs(partition: number): boolean;
}>;

/** Attempts of one endpoint, in order. */
export type AttemptBatch = Readonly<{
  id: SubscriptionId;
  attempts: readonly [CountedAttempt, ...CountedAttempt[]];
}>;

type Counted = Readonly<{
  batch: AttemptBatch;
  before: EndpointHealth;
  after: EndpointHealth;
  transitions: readonly HealthTransition[];
}>;

const maxTries = 5;
const readAtOnce = 4;
// Endpoints that are in use; about 300 bytes each.
const maxRemembered = 20_000;

/**
 * Counts attempts into the health of their endpoints, with one read and one write for many endpoints. Transitions are
 * applied before the count is written. After a crash in between, the attempts are counted and applied again, and the
 * same attempts produce the same events with the same ids.
 */
export class HealthCounter {
  readonly #parts: HealthParts;
  /**
   * Last health written, so that runs do not read it again. If another instance has written since, as the owner of a
   * partition or by a purge, compare-and-set fails and the health is read again.
   */
  readonly #written = new Map<SubscriptionId, EndpointHealth>();

  constructor(parts: HealthParts) {
    this.#parts = parts;
  }

  /** Clears the cache: another instance continues counting, and only the stored health has its progress. */
  forget(): void {
    this.#written.clear();
  }

  /** Counts one batch per endpoint. A batch is written unless its endpoint is among the failures. */
  async count(batches: readonly AttemptBatch[]): Promise<Failures> {
    const failures: Failures = new Map();
    let left = batches;
    for (let tries = 1; tries <= maxTries && left.length > 0; tries += 1) {
      left = await this.#tryAll(left, failures);
    }
    for (const { id } of left) {
      const message = `the health of ${id} was changed by other writers at every try`;
      failures.set(id, new AppError({ code: 'conflict', message }));
    }
    return failures;
  }

  /** Counts the batches once; returns those to retry because another instance has written. */
  async #tryAll(batches: readonly AttemptBatch[], failures: Failures): Promise<readonly AttemptBatch[]> {
    const stored = await this.#storedOf(batches, failures);
    const all = batches.flatMap((batch) => this.#advance(batch, stored, failures));
    await this.#applyTransitions(all, failures);
    const counted = all.filter(({ batch }) => !failures.has(batch.id));
    const changed = counted.filter(({ before, after }) => after !== before);
    let isWritten: boolean;
    try {
      isWritten = await this.#parts.health.write(changed.map(({ after }) => after));
    } catch (error) {
      for (const { batch } of changed) failures.set(batch.id, error);
      return [];
    }
    if (!isWritten) {
      for (const { batch } of changed) this.#written.delete(batch.id);
      // Batches that were written despite the conflict change nothing on the second try.
      return changed.map(({ batch }) => batch);
    }
    for (const { batch, after } of counted) this.#remember(batch, after);
    return [];
  }

  #advance(
    batch: AttemptBatch,
    stored: ReadonlyMap<SubscriptionId, EndpointHealth>,
    failures: Failures,
  ): Counted[] {
    if (failures.has(batch.id)) return [];
    const { countedVersionOf, policyOf, endOf } = this.#parts;
    const before = stored.get(batch.id) ?? noHealth(batch.id);
    try {
      const countedVersion = countedVersionOf(batch.id);
      const policy = policyOf(batch.attempts[0].workspaceId);
      const { health: after, transitions } = withAttempts(before, batch.attempts, {
        countedVersion,
        policy,
        endOf,
      });
      return [{ batch, before, after, transitions }];
    } catch (error) {
      failures.set(batch.id, error);
      return [];
    }
  }

  async #applyTransitions(counted: readonly Counted[], failures: Failures): Promise<void> {
    const news = counted.filter(({ transitions }) => transitions.length > 0);
    if (news.length === 0) return;
    const transitionsOf = new Map(news.map(({ batch, transitions }) => [batch.id, transitions]));
    try {
      for (const [id, error] of await this.#parts.applyTransitions(transitionsOf)) failures.set(id, error);
    } catch (error) {
      for (const { batch } of news) failures.set(batch.id, error);
    }
  }

  async #storedOf(
    batches: readonly AttemptBatch[],
    failures: Failures,
  ): Promise<ReadonlyMap<SubscriptionId, EndpointHealth>> {
    const { health } = this.#parts;
    const stored = new Map<SubscriptionId, EndpointHealth>();
    const unknown: AttemptBatch[] = [];
    for (const batch of batches) {
      const known = this.#written.get(batch.id);
      if (known === undefined) unknown.push(batch);
      else stored.set(batch.id, known);
    }
    try {
      for (const [id, found] of await health.findMany(unknown.map(({ id }) => id))) stored.set(id, found);
    } catch (error) {
      if (error instanceof AppError && error.code === 'unavailable') {
        for (const { id } of unknown) failures.set(id, error);
        return stored;
      }
      // Reads each separately, so that an unreadable record affects only its own endpoint.
      await forEachConcurrently(readAtOnce, unknown, async ({ id }) => {
        try {
          const found = await health.find(id);
          if (found !== null) stored.set(id, found);
        } catch (unreadable) {
          failures.set(id, unreadable);
        }
      });
    }
    return stored;
  }

  #remember({ id, attempts }: AttemptBatch, health: EndpointHealth): void {
    // `rev` 0: nothing was counted and nothing is stored.
    if (health.rev === 0 || !this.#parts.isOurs(attempts[0].position.partition)) return;
    if (this.#written.size >= maxRemembered) this.#written.clear();
    this.#written.set(id, health);
  }
}

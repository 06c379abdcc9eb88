import type { SubscriptionId, WorkspaceId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { eachAtMost } from '../maintenance/for-each-concurrently.ts';
import type { Failures, TellTransitions } from './apply-health-transitions.ts';
import type { CountedAttempt } from './domain/counted-attempt.ts';
import { type EndpointHealth, noHealth, withAttempts } from './domain/endpoint-health.ts';
import type { HealthPolicy, HealthTransition } from './domain/health-transition.ts';
import type { HealthStore } from './ports.ts';

/** What counting works with. `countedVersionOf`: as the topic says; 0 for a subscription it does not know. */
export type HealthParts = Readonly<{
  health: HealthStore;
  countedVersionOf(id: SubscriptionId): number;
  policyOf(workspace: WorkspaceId): HealthPolicy;
  tell: TellTransitions;
  /** The first offset of a partition that is not in its log yet. */
  endOf(partition: number): number;
  /** Whether a partition is ours to count: else what is known of its endpoints is not kept. */
  isOurs(partition: number): boolean;
}>;

/** Attempts of one endpoint, in their order. */
export type Turn = Readonly<{ id: SubscriptionId; attempts: readonly [CountedAttempt, ...CountedAttempt[]] }>;

type Counted = Readonly<{
  turn: Turn;
  before: EndpointHealth;
  after: EndpointHealth;
  transitions: readonly HealthTransition[];
}>;

const maxTries = 5;
const readAtOnce = 4;
// Of endpoints that are in use; some 300 bytes each.
const maxRemembered = 20_000;

/**
 * Counts attempts into the health of their endpoints: one read and one write for many of them. What the owner is to be told
 * is told before the count is written: a crash in between counts and tells again, and the same attempts give the same
 * events under the same ids.
 */
export class HealthCounter {
  readonly #parts: HealthParts;
  /**
   * What was written last, so that each turn need not read it again. Whoever else has written since, as the owner of a
   * partition or by a purge, lets our compare-and-set fail, and it is read after all.
   */
  readonly #written = new Map<SubscriptionId, EndpointHealth>();

  constructor(parts: HealthParts) {
    this.#parts = parts;
  }

  /** Somebody else counts on from here, and only what is read again knows how far. */
  forget(): void {
    this.#written.clear();
  }

  /** Counts a turn of each of some endpoints. What is not among the failures is written. */
  async count(turns: readonly Turn[]): Promise<Failures> {
    const failures: Failures = new Map();
    let left = turns;
    for (let tries = 1; tries <= maxTries && left.length > 0; tries += 1) {
      left = await this.#tryAll(left, failures);
    }
    for (const { id } of left) {
      const message = `the health of ${id} changes faster than it can be written`;
      failures.set(id, new AppError({ code: 'conflict', message }));
    }
    return failures;
  }

  /** Answers the turns that have to be tried again, on what somebody else wrote. */
  async #tryAll(turns: readonly Turn[], failures: Failures): Promise<readonly Turn[]> {
    const stored = await this.#storedOf(turns, failures);
    const all = turns.flatMap((turn) => this.#advance(turn, stored, failures));
    await this.#tell(all, failures);
    const counted = all.filter(({ turn }) => !failures.has(turn.id));
    const changed = counted.filter(({ before, after }) => after !== before);
    let isWritten: boolean;
    try {
      isWritten = await this.#parts.health.write(changed.map(({ after }) => after));
    } catch (error) {
      for (const { turn } of changed) failures.set(turn.id, error);
      return [];
    }
    if (!isWritten) {
      for (const { turn } of changed) this.#written.delete(turn.id);
      // Those that were written after all come to nothing the second time.
      return changed.map(({ turn }) => turn);
    }
    for (const { turn, after } of counted) this.#remember(turn, after);
    return [];
  }

  #advance(turn: Turn, stored: ReadonlyMap<SubscriptionId, EndpointHealth>, failures: Failures): Counted[] {
    if (failures.has(turn.id)) return [];
    const { countedVersionOf, policyOf, endOf } = this.#parts;
    const before = stored.get(turn.id) ?? noHealth(turn.id);
    try {
      const countedVersion = countedVersionOf(turn.id);
      const policy = policyOf(turn.attempts[0].workspaceId);
      const { health: after, transitions } = withAttempts(before, turn.attempts, {
        countedVersion,
        policy,
        endOf,
      });
      return [{ turn, before, after, transitions }];
    } catch (error) {
      failures.set(turn.id, error);
      return [];
    }
  }

  async #tell(counted: readonly Counted[], failures: Failures): Promise<void> {
    const news = counted.filter(({ transitions }) => transitions.length > 0);
    if (news.length === 0) return;
    const transitionsOf = new Map(news.map(({ turn, transitions }) => [turn.id, transitions]));
    try {
      for (const [id, error] of await this.#parts.tell(transitionsOf)) failures.set(id, error);
    } catch (error) {
      for (const { turn } of news) failures.set(turn.id, error);
    }
  }

  async #storedOf(
    turns: readonly Turn[],
    failures: Failures,
  ): Promise<ReadonlyMap<SubscriptionId, EndpointHealth>> {
    const { health } = this.#parts;
    const stored = new Map<SubscriptionId, EndpointHealth>();
    const unknown: Turn[] = [];
    for (const turn of turns) {
      const known = this.#written.get(turn.id);
      if (known === undefined) unknown.push(turn);
      else stored.set(turn.id, known);
    }
    try {
      for (const [id, found] of await health.findMany(unknown.map(({ id }) => id))) stored.set(id, found);
    } catch (error) {
      if (error instanceof AppError && error.code === 'unavailable') {
        for (const { id } of unknown) failures.set(id, error);
        return stored;
      }
      // One that cannot be read holds up itself alone.
      await eachAtMost(readAtOnce, unknown, async ({ id }) => {
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

  #remember({ id, attempts }: Turn, health: EndpointHealth): void {
    // `rev` 0: nothing was counted and nothing is stored.
    if (health.rev === 0 || !this.#parts.isOurs(attempts[0].position.partition)) return;
    if (this.#written.size >= maxRemembered) this.#written.clear();
    this.#written.set(id, health);
  }
}

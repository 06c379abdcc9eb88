import type { SubscriptionId } from '@tidings/contracts';
import type { Logger, Metrics } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';
import { recordOf, type Subscription } from '../subscriptions/domain/subscription.ts';
import type { SubscriptionStore, SubscriptionTopic } from '../subscriptions/ports.ts';

/** Why a version is published: by the request that wrote it, or to repair what a crash or a race left. */
export type PublishCause = 'write' | 'sweep' | 'stale' | 'difference';

/** What the outbox works with. `waitMs`: the longest that a request waits for its version to be acknowledged. */
export type OutboxParts = Readonly<{
  store: Pick<SubscriptionStore, 'markPublished'>;
  topic: Pick<SubscriptionTopic, 'publish'>;
  clock: Clock;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
  waitMs: number;
}>;

type Lane = { newest: Subscription; cause: PublishCause; readonly finished: Promise<boolean> };

/**
 * Publishes versions, one at a time for each subscription, so that this process never has two versions of one key on
 * their way. A version that fails stays `unpublished` in the registry and the sweep takes it up again.
 */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #lanes = new Map<SubscriptionId, Lane>();

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** True while a version of this subscription is on its way. */
  isBusy(id: SubscriptionId): boolean {
    return this.#lanes.has(id);
  }

  /** True when this version, or a newer one of the same subscription, is acknowledged; false when that failed for now. */
  async publish(subscription: Subscription, cause: PublishCause): Promise<boolean> {
    const busy = this.#lanes.get(subscription.id);
    if (busy !== undefined) {
      if (subscription.version > busy.newest.version) {
        busy.newest = subscription;
        busy.cause = cause;
      }
      return busy.finished;
    }
    // The lane runs in a later microtask, when it is already in the map.
    const lane: Lane = {
      newest: subscription,
      cause,
      finished: Promise.resolve().then(() => this.#run(lane)),
    };
    this.#lanes.set(subscription.id, lane);
    return lane.finished;
  }

  /** As `publish`, but false after the bound for requests; the version then goes on by itself. */
  async announce(subscription: Subscription): Promise<boolean> {
    let cancel = (): void => {};
    const late = new Promise<boolean>((resolve) => {
      cancel = this.#parts.clock.setTimer(() => resolve(false), this.#parts.waitMs);
    });
    try {
      return await Promise.race([this.publish(subscription, 'write'), late]);
    } finally {
      cancel();
    }
  }

  /** Waits for what is on its way. */
  async close(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map(({ finished }) => finished));
  }

  async #run(lane: Lane): Promise<boolean> {
    try {
      for (;;) {
        const subscription = lane.newest;
        const isPublished = await this.#publishOne(subscription, lane.cause);
        if (!isPublished || lane.newest === subscription) return isPublished;
      }
    } finally {
      this.#lanes.delete(lane.newest.id);
    }
  }

  async #publishOne(subscription: Subscription, cause: PublishCause): Promise<boolean> {
    const { topic, clock, logger, metrics } = this.#parts;
    const { id, version } = subscription;
    const beganMs = clock.monotonicMs();
    const seconds = (): number => (clock.monotonicMs() - beganMs) / 1_000;
    try {
      await topic.publish(recordOf(subscription));
    } catch (error) {
      metrics.publishSeconds.observe({ outcome: 'failed' }, seconds());
      logger.warn(
        { subscriptionId: id, version, cause, detail: messageOf(error) },
        'subscription.unpublished',
      );
      return false;
    }
    metrics.publishSeconds.observe({ outcome: 'ok' }, seconds());
    metrics.published.inc({ cause });
    await this.#mark(id, version);
    return true;
  }

  // The version is in force whether or not this succeeds: the mark only saves the sweep from doing it again.
  async #mark(id: SubscriptionId, version: number): Promise<void> {
    try {
      await this.#parts.store.markPublished(id, version);
    } catch (error) {
      this.#parts.logger.warn(
        { subscriptionId: id, version, detail: messageOf(error) },
        'subscription.unmarked',
      );
    }
  }
}

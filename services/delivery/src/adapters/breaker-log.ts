import {
  encodeBreakerClosed,
  encodeBreakerOpened,
  type SubscriptionId,
  type SubscriptionRecord,
  topics,
} from '@tidings/contracts';
import type { Producer } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';

type Dependencies = Readonly<{ producer: Pick<Producer, 'publish'>; clock: Clock; logger: Logger }>;

/** The time since a breaker was closed, and the time for which it stays open. */
type OpenBreaker = Readonly<{ brokenMs: number; waitMs: number }>;

/**
 * Writes the state of circuit breakers to the topic from which operators see it. Nothing waits for it, and a record that
 * is lost is replaced at the next transition: breakers are in memory, and the topic is a view of them.
 */
export class BreakerLog {
  readonly #dependencies: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  opened({ id, workspaceId, consumerId }: SubscriptionRecord, { brokenMs, waitMs }: OpenBreaker): void {
    const atMs = this.#dependencies.clock.nowMs();
    this.#write(
      encodeBreakerOpened({
        ...{ type: 'BreakerOpened.v1', subscriptionId: id, workspaceId, consumerId, atMs },
        sinceMs: Math.max(0, Math.round(atMs - brokenMs)),
        probeAtMs: Math.round(atMs + waitMs),
      }),
    );
  }

  closed(id: SubscriptionId): void {
    this.#write(encodeBreakerClosed(id));
  }

  #write(record: ReturnType<typeof encodeBreakerClosed>): void {
    const { producer, logger } = this.#dependencies;
    producer.publish({ topic: topics.breakers, ...record }).catch((error: unknown) => {
      logger.debug({ subscriptionId: record.key, detail: messageOf(error) }, 'breaker.not-recorded');
    });
  }
}

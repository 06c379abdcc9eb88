import { type DeliveryState, type EventAccepted, topics } from '@tidings/contracts';
import { CreatedMessages } from '@tidings/observability';
import type { ReplayJob } from './domain/replay-job.ts';

type Order = Pick<ReplayJob['order'], 'jobId' | 'traceparent'>;

// As many as events are read at once: a span for each slice of a replay, however many subscriptions it reaches.
const maxPerSpan = 500;

/** The commands of a replay, for their spans: those of a slice have one span in the trace of its request. */
export class ReplayedCommands {
  readonly #order: Order;
  #slice: CreatedMessages;

  constructor(order: Order) {
    this.#order = order;
    this.#slice = this.#next();
  }

  /** Returns the context that a command has to carry: one in the trace of its event. */
  add(
    { id: eventId, traceparent }: Pick<EventAccepted, 'id' | 'traceparent'>,
    { deliveryId, subscriptionId }: Pick<DeliveryState, 'deliveryId' | 'subscriptionId'>,
  ): string | null {
    return this.#slice.add({
      ...{ parent: traceparent, messageId: deliveryId },
      attributes: {
        'tidings.event.id': eventId,
        'tidings.subscription.id': subscriptionId,
        'tidings.trigger': 'replay',
      },
    });
  }

  /** Notes that what was added is in the log. A slice that is large enough ends. */
  acknowledged(): void {
    if (this.#slice.count >= maxPerSpan) this.end();
  }

  /** Ends a slice, with the class of failure if not all of it is in the log. */
  end(error?: 'stopped'): void {
    this.#slice.end(error);
    this.#slice = this.#next();
  }

  #next(): CreatedMessages {
    const { jobId, traceparent } = this.#order;
    return new CreatedMessages({
      ...{ topic: topics.deliveries.name, parent: traceparent },
      attributes: { 'tidings.job.id': jobId, 'tidings.job.kind': 'replay' },
    });
  }
}

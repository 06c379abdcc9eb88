import { topics } from '@tidings/contracts';
import type { Bus } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { backoffMs, type Clock, type HealthPart, messageOf } from '@tidings/runtime';

export type AwaitEventLogOptions = Readonly<{
  bus: Pick<Bus, 'readRange'>;
  part: Pick<HealthPart, 'up' | 'down'>;
  clock: Clock;
  logger: Logger;
}>;

const backoff = { baseMs: 200, maxMs: 2_000, random: Math.random };

/**
 * Sets `part` up once the brokers have confirmed that the events topic exists, then ends. A later loss of the
 * brokers is reported to each caller as a 503 and not to the load balancer, whose response would be less
 * specific. Returns a function that cancels the wait.
 */
export const awaitEventLog = ({ bus, part, clock, logger }: AwaitEventLogOptions): (() => void) => {
  let isCancelled = false;
  let cancelTimer = (): void => {};
  const look = async (attempt: number): Promise<void> => {
    try {
      // A read of no partition still requests the topic's end offsets from the brokers, and needs no group.
      await bus.readRange({
        topic: topics.events,
        partitions: [],
        from: { offsets: new Map() },
        onRecord: () => {},
        service: 'ingress',
      });
      if (!isCancelled) part.up();
    } catch (error) {
      if (isCancelled) return;
      const detail = messageOf(error);
      part.down(`the event log cannot be reached: ${detail}`);
      logger.warn({ attempt, detail }, 'event-log.unreachable');
      cancelTimer = clock.setTimer(() => void look(attempt + 1), backoffMs({ attempt, ...backoff }));
    }
  };
  void look(1);
  return () => {
    isCancelled = true;
    cancelTimer();
  };
};

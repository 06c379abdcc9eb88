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
 * Turns `part` up once the brokers have shown that the events topic is there, and is then done: losing the brokers later
 * is told to each caller as a 503, not to the load balancer, which could only answer worse. Returns a function that
 * ends the waiting.
 */
export const awaitEventLog = ({ bus, part, clock, logger }: AwaitEventLogOptions): (() => void) => {
  let isCancelled = false;
  let cancelTimer = (): void => {};
  const look = async (attempt: number): Promise<void> => {
    try {
      // A read of no partition still asks the brokers for the topic's ends, and needs no group.
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

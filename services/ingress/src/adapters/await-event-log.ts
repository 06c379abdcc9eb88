import { topics } from '@tidings/contracts';
import type { Bus } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { backoffMs, type Clock, type HealthPart, messageOf, sleep } from '@tidings/runtime';

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
  const cancelling = new AbortController();
  const { signal } = cancelling;
  const isReachable = async (attempt: number): Promise<boolean> => {
    try {
      // A read of no partition still requests the topic's end offsets from the brokers, and needs no group.
      await bus.readRange({
        topic: topics.events,
        partitions: [],
        from: { offsets: new Map() },
        onRecord: () => {},
        service: 'ingress',
      });
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      const detail = messageOf(error);
      part.down(`the event log cannot be reached: ${detail}`);
      logger.warn({ attempt, detail }, 'event-log.unreachable');
      return false;
    }
  };
  const wait = async (): Promise<void> => {
    for (let attempt = 1; !(await isReachable(attempt)); attempt += 1) {
      await sleep(clock, backoffMs({ attempt, ...backoff }), signal);
      if (signal.aborted) return;
    }
    if (!signal.aborted) part.up();
  };
  void wait();
  return () => cancelling.abort();
};

import { type Bus, partitionKey, type Relay } from '@tidings/kafka';
import { messageOf, runPeriodically } from '@tidings/runtime';
import type { DeliveryContext } from '../run-engine.ts';
import { type Rung, retryGroup, rungs } from './relay-due-retries.ts';

const everyMs = 30_000;

/**
 * Counts every 30 s the commands that are due on the rungs and not forwarded, including those still in
 * Kafka. Returns a function that stops it.
 */
export const countDue = (
  bus: Pick<Bus, 'lag'>,
  relay: Pick<Relay, 'assigned'>,
  { clock, logger, metrics }: Pick<DeliveryContext, 'clock' | 'logger' | 'metrics'>,
): (() => void) => {
  const count = async ({ topic, delayMs }: Rung): Promise<number> => {
    const lags = await bus.lag(retryGroup, [topic], { writtenBeforeMs: clock.nowMs() - delayMs });
    const ours = new Set(relay.assigned().map(partitionKey));
    const due = lags.filter((lag) => ours.has(partitionKey(lag)));
    return due.reduce((sum, { lagRecords }) => sum + Number(lagRecords), 0);
  };
  const run = async (): Promise<void> => {
    try {
      // At rest nothing waits anywhere, which one question tells for all rungs.
      const lags = await bus.lag(
        retryGroup,
        rungs.map(({ topic }) => topic),
      );
      const waiting = new Set(lags.filter(({ lagRecords }) => lagRecords > 0n).map(({ topic }) => topic));
      for (const rung of rungs) {
        const due = waiting.has(rung.topic.name) ? await count(rung) : 0;
        metrics.handles.rungDue.set({ rung: rung.label }, due);
      }
    } catch (error) {
      // The relay reports unavailable brokers; here only metrics are missing.
      logger.debug({ detail: messageOf(error) }, 'due-count.unavailable');
    }
  };
  return runPeriodically({ clock, firstMs: 0, everyMs, run });
};

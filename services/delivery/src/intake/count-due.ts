import { type Bus, partitionKey } from '@tidings/kafka';
import { messageOf, runPeriodically } from '@tidings/runtime';
import type { DeliveryContext } from '../run-engine.ts';
import type { RungRelay } from './relay-due-retries.ts';

const everyMs = 30_000;

/**
 * Counts every 30 s the commands that are due on the rungs and not forwarded, including those still in
 * Kafka. Returns a function that stops it.
 */
export const countDue = (
  bus: Pick<Bus, 'lag'>,
  relays: readonly RungRelay[],
  { clock, logger, metrics }: Pick<DeliveryContext, 'clock' | 'logger' | 'metrics'>,
): (() => void) => {
  const count = async ({ rung, group, topic, delayMs, relay }: RungRelay): Promise<void> => {
    const lags = await bus.lag(group, [topic], { writtenBeforeMs: clock.nowMs() - delayMs });
    const ours = new Set(relay.assigned().map(partitionKey));
    const due = lags.filter((lag) => ours.has(partitionKey(lag)));
    metrics.handles.rungDue.set(
      { rung },
      due.reduce((sum, { lagRecords }) => sum + Number(lagRecords), 0),
    );
  };
  const run = async (): Promise<void> => {
    try {
      for (const relay of relays) await count(relay);
    } catch (error) {
      // The relays report unavailable brokers; here only metrics are missing.
      logger.debug({ detail: messageOf(error) }, 'due-count.unavailable');
    }
  };
  return runPeriodically({ clock, firstMs: 0, everyMs, run });
};

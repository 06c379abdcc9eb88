import { topics } from '@tidings/contracts';
import type { Bus, PartitionRunner } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';

type Dependencies = Readonly<{
  bus: Pick<Bus, 'lag'>;
  group: string;
  runner: Pick<PartitionRunner, 'assigned'>;
  onLag: (records: number) => void;
  clock: Clock;
  logger: Logger;
}>;

const everyMs = 15_000;

/** Asks the brokers every 15 s how far this instance is behind. Returns the function that stops it. */
export const watchLag = ({ bus, group, runner, onLag, clock, logger }: Dependencies): (() => void) => {
  let cancel: () => void = () => {};
  let isStopped = false;
  const ask = async (): Promise<void> => {
    try {
      const mine = new Set(runner.assigned().map(({ partition }) => partition));
      const lags = await bus.lag(group, [topics.deliveries]);
      const records = lags
        .filter(({ partition }) => mine.has(partition))
        .reduce((sum, { lagRecords }) => sum + Number(lagRecords), 0);
      onLag(records);
    } catch (error) {
      // The runner reports brokers that are away; here only a figure is missing.
      logger.debug({ detail: messageOf(error) }, 'lag.unknown');
    }
  };
  const askLater = () => {
    cancel = clock.setTimer(() => {
      void ask().then(() => {
        if (!isStopped) askLater();
      });
    }, everyMs);
  };
  askLater();
  return () => {
    isStopped = true;
    cancel();
  };
};

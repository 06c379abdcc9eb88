import type { DeliveryRequested } from '@tidings/contracts';
import { isClosed, type WorkItem } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { backoffMs, type Clock, sleep } from '@tidings/runtime';
import type { SupersededCommandsLog } from '../adapters/superseded-commands-log.ts';
import type { SupersededChains } from '../domain/superseded-chains.ts';

export type SupersedeParts = Readonly<{
  superseded: SupersededChains;
  supersededLog: Pick<SupersededCommandsLog, 'write'>;
  clock: Clock;
  logger: Logger;
}>;

/**
 * Creates the function that applies a command which supersedes older ones: their chains end from now on, and the log
 * is told so. The returned item is done only when the log has acknowledged that. Until then the command itself is read
 * again after a crash, so the log never knows of a superseding command that is lost, and never misses one that was
 * sent. docs/adr/0018 has the cases.
 */
export const createSupersede = ({ superseded, supersededLog, clock, logger }: SupersedeParts) => {
  const write = async ({ record, message: { state } }: WorkItem<DeliveryRequested>): Promise<boolean> => {
    for (let failures = 1; ; failures += 1) {
      try {
        await supersededLog.write(record.partition, state);
        return true;
      } catch (error) {
        // At shutdown the command is left uncommitted, and the next owner reads it again.
        if (isClosed(error)) return false;
        logger.error({ deliveryId: state.deliveryId, failures, error }, 'superseded-commands.not-written');
        await sleep(clock, backoffMs({ attempt: failures, baseMs: 250, maxMs: 10_000, random: Math.random }));
      }
    }
  };

  return (item: WorkItem<DeliveryRequested>): WorkItem<DeliveryRequested> => {
    const { record, message } = item;
    // A copy of a command whose write is under way need not wait for it: its offset is behind that of the first.
    if (message.state.supersedes !== true || superseded.has(record.partition, message.state)) return item;
    superseded.add(record.partition, message.state, clock.nowMs());
    const written = write(item);
    const done = (): void => {
      void written.then((isWritten) => {
        if (isWritten) item.done();
      });
    };
    return { record, message, completion: { done }, done };
  };
};

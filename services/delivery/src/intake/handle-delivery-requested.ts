import { type DeliveryInstruction, type DeliveryRequested, isLiveHoldChanged } from '@tidings/contracts';
import type { WorkBatch, WorkItem } from '@tidings/kafka';
import { type AcceptParts, createAcceptCommand } from './accept-command.ts';
import { PartitionInbox } from './domain/partition-inbox.ts';

const maxSliceMs = 4;
const itemsPerTurn = 16;

/** Creates the handler of commands, and of changes of holds. It returns at once: commands are accepted in slices. */
export const createDeliveryHandler = (parts: AcceptParts) => {
  const { dispatcher, deferralController, ordering, inFlight, superseded, clock } = parts;
  const accept = createAcceptCommand(parts);
  const inbox = new PartitionInbox<WorkItem<DeliveryInstruction>>();
  let isWorking = false;

  const take = (item: WorkItem<DeliveryInstruction>): void => {
    const { record, message, completion } = item;
    const done = (): void => completion.done();
    if (isLiveHoldChanged(message)) ordering.holder.changed({ record, message, completion, done });
    else accept(item as WorkItem<DeliveryRequested>);
  };

  // Processes in slices: thousands of commands at once would block every socket of the process.
  const work = (): void => {
    const endMs = clock.monotonicMs() + maxSliceMs;
    while (inbox.waiting > 0 && clock.monotonicMs() <= endMs) {
      for (const item of inbox.next(itemsPerTurn)) take(item);
      dispatcher.pump();
    }
    deferralController.watch();
    isWorking = inbox.waiting > 0;
    if (isWorking) clock.setTimer(work, 0);
  };

  return {
    onBatch: ({ partition, items }: WorkBatch<DeliveryInstruction>): void => {
      inbox.add(partition, items);
      if (!isWorking) work();
    },
    onRevoked: (partition: number): void => {
      inbox.drop(partition);
      for (const job of dispatcher.dropPartition(partition)) inFlight.drop(job);
      ordering.dropPartition(partition);
      deferralController.dropPartition(partition);
      superseded.dropPartition(partition);
    },
  };
};

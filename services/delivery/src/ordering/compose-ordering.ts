import { holdKey } from '@tidings/contracts';
import type { Logger } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import type { RecordVerdict } from '../attempt/record-resolution.ts';
import type { FinishedMemory } from '../domain/finished-attempts.ts';
import type { ActiveJobs } from '../domain/in-flight.ts';
import { OrderBook } from '../domain/ordered-queue.ts';
import type { Holds, SubscriptionDirectory } from '../ports.ts';
import { HeldBodies } from './body-cache.ts';
import { OrderKeeper } from './ordered-delivery.ts';
import { Parker } from './queue-persister.ts';
import { LineReleaser } from './queue-releaser.ts';
import { LineRestorer } from './queue-restorer.ts';
import { type Admit, LineRunner } from './queue-runner.ts';

export type OrderOptions = Readonly<{
  directory: SubscriptionDirectory;
  holds: Holds;
  active: ActiveJobs;
  memory: FinishedMemory;
  record: RecordVerdict;
  admit: Admit;
  hasCompany: (partition: number, subscriptionId: string) => boolean;
  onPark: () => void;
  onDuplicate: (kind: 'in_flight') => void;
  maxBacklog: number;
  maxBodyBytes: number;
  clock: Clock;
  logger: Logger;
}>;

/** Everything that ordered subscriptions need, wired together. */
export type Order = Readonly<{
  book: OrderBook;
  bodies: HeldBodies;
  keeper: OrderKeeper;
  restorer: LineRestorer;
  dropPartition: (partition: number) => void;
}>;

export const buildOrder = (options: OrderOptions): Order => {
  const { directory, holds, active, memory, record, admit, clock, logger } = options;
  const { hasCompany, onPark, onDuplicate, maxBacklog, maxBodyBytes } = options;
  const book = new OrderBook();
  const bodies = new HeldBodies({
    holds,
    find: ({ partition, key, entry }) => {
      if (entry === null) return undefined;
      const { subscriptionId, deliveryId } = entry.command.state;
      const member = book.of(partition, subscriptionId)?.members.get(deliveryId);
      return member !== undefined && holdKey(member.state) === key ? member : undefined;
    },
    maxBytes: maxBodyBytes,
  });
  const parker = new Parker({ holds, bodies, hasCompany, onPark, clock, logger });
  const onMisplaced = (line: Parameters<LineReleaser['release']>[0]) => releaser.release(line);
  const runner = new LineRunner({
    ...{ book, directory, bodies, parker, active, memory, record, admit, onMisplaced, clock, logger },
  });
  const onJoined = (member: Parameters<OrderKeeper['joined']>[0]) => keeper.joined(member);
  const releaser: LineReleaser = new LineReleaser({
    ...{ book, directory, holds, bodies, active, record, admit, onJoined, clock, logger },
  });
  const keeper: OrderKeeper = new OrderKeeper({
    ...{ book, directory, holds, bodies, parker, runner, releaser, active, record, onDuplicate, maxBacklog },
    clock,
    logger,
  });
  const restorer = new LineRestorer({ book, holds, bodies, directory, runner, clock });
  const dropPartition = (partition: number): void => {
    restorer.dropPartition(partition);
    keeper.dropPartition(partition);
  };
  return { book, bodies, keeper, restorer, dropPartition };
};

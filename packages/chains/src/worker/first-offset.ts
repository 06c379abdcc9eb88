import { topics } from '@tidings/contracts';
import type { Assignment, Bus } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';

type Options = Readonly<{ bus: Pick<Bus, 'readRange'>; startedAtMs: number; logger: Logger }>;

/**
 * Returns the offset of the first event of an application that has never run: the first that was published since this
 * worker started.
 */
const firstSince = async (
  { partition, highOffset }: Assignment,
  { bus, startedAtMs }: Options,
): Promise<bigint> => {
  let first = highOffset;
  await bus.readRange({
    topic: topics.events,
    partitions: [partition],
    from: { timestampMs: startedAtMs },
    service: 'chains',
    onRecord: ({ offset }) => {
      if (offset < first) first = offset;
    },
  });
  return first;
};

/**
 * Returns the offset from which events of a partition start runs. Those in front of the committed one have started theirs,
 * and so have those in front of the one that the last owner recorded: the group's offsets may have expired since.
 */
export const firstOffset = async (
  assignment: Assignment,
  known: bigint | undefined,
  options: Options,
): Promise<bigint> => {
  const { partition, committedOffset, highOffset } = assignment;
  if (known === undefined) return firstSince(assignment, options);
  if (known <= highOffset) return known > committedOffset ? known : committedOffset;
  const fields = { partition, known: String(known), end: String(highOffset) };
  options.logger.warn(fields, 'events.recreated');
  return committedOffset;
};

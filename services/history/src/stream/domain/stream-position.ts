/** A topic that a stream reads, by its index in a position: 0 is events, 1 is attempts. */
export type TopicIndex = 0 | 1;

/**
 * The number of messages that a record of each topic can become. A position counts these, so that it can lie between
 * the two messages of one attempt.
 */
export const messagesPerRecord = [1, 2] as const;

/**
 * The next message of every partition, by topic and partition: offset × {@link messagesPerRecord} and the number of
 * messages of that record that are already sent. A missing partition counts as 0.
 */
export type StreamPosition = readonly [events: number[], attempts: number[]];

/** Returns the position before the first record. */
export const newPosition = (): StreamPosition => [[], []];

/** Returns a copy, which changes independently. */
export const copyOf = ([events, attempts]: StreamPosition): StreamPosition => [[...events], [...attempts]];

/** Returns the value of one partition. */
export const at = (position: StreamPosition, topic: TopicIndex, partition: number): number =>
  position[topic][partition] ?? 0;

/** A partition, and the value after one of its messages. */
export type StreamPlace = Readonly<{ topic: TopicIndex; partition: number; next: number }>;

/** Moves one partition forward; a value that is behind changes nothing. */
export const advance = (position: StreamPosition, { topic, partition, next }: StreamPlace): void => {
  const values = position[topic];
  while (values.length <= partition) values.push(0);
  if (next > (values[partition] ?? 0)) values[partition] = next;
};

/** Calls back for each partition that one of two positions has. */
const compare = (
  [a, b]: readonly [StreamPosition, StreamPosition],
  each: (topic: TopicIndex, partition: number, values: readonly [number, number]) => void,
): void => {
  for (const topic of [0, 1] as const) {
    const count = Math.max(a[topic].length, b[topic].length);
    for (let partition = 0; partition < count; partition += 1) {
      each(topic, partition, [at(a, topic, partition), at(b, topic, partition)]);
    }
  }
};

/** Returns true if `a` is at or behind `b` in every partition. */
export const isBehindOrAt = (a: StreamPosition, b: StreamPosition): boolean => {
  let isBehind = true;
  compare([a, b], (_topic, _partition, [left, right]) => {
    if (left > right) isBehind = false;
  });
  return isBehind;
};

/** Moves `position` forward to at least `other` in every partition. */
export const advanceTo = (position: StreamPosition, other: StreamPosition): void => {
  compare([position, other], (topic, partition, [, next]) => advance(position, { topic, partition, next }));
};

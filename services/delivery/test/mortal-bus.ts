import type { Bus, MemoryBus, Producer } from '@tidings/kafka';
import { AppError, type Clock } from '@tidings/runtime';

/** A bus as one process sees it, and the end of that process: from then on nothing it does reaches the brokers. */
export type MortalBus = Readonly<{ bus: MemoryBus; kill(): void }>;

// The last completions before a kill are not committed, as with a process that dies between two commits.
const commitLagMs = 400;

export const mortal = (
  bus: MemoryBus,
  clock: Clock,
  onPublish: (topic: string, key: string | null) => void = () => {},
): MortalBus => {
  let isDead = false;
  const died = () => new AppError({ code: 'closed', message: 'the process was killed' });
  const guarded = (producer: Producer): Producer => ({
    whenWritable: async () => producer.whenWritable(),
    close: async () => producer.close(),
    publish: async (record) => {
      if (isDead) throw died();
      onPublish(record.topic.name, record.key);
      return producer.publish(record);
    },
    publishAll: async (records) => {
      if (isDead) throw died();
      for (const record of records) onPublish(record.topic.name, record.key);
      return producer.publishAll(records);
    },
  });
  const runPartitions: Bus['runPartitions'] = async (options) =>
    bus.runPartitions({
      ...options,
      onBatch: (batch) => {
        if (isDead) return undefined;
        const items = batch.items.map((item) => ({
          record: item.record,
          message: item.message,
          done: () => {
            clock.setTimer(() => {
              if (!isDead) item.done();
            }, commitLagMs);
          },
        }));
        return options.onBatch({ ...batch, items });
      },
    });
  return {
    bus: { ...bus, producer: async (options) => guarded(await bus.producer(options)), runPartitions },
    kill: () => {
      isDead = true;
    },
  };
};

import { topics } from '@tidings/contracts';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { AppError } from '@tidings/runtime';

/** A bus whose log of events answers nobody until it is told to. */
export type HangingLog = Readonly<{
  bus: MemoryBus;
  /** Acknowledges all that waits and all that comes. */
  acknowledge(): void;
  /** Ends all that waits as if Kafka had not acknowledged it in time. */
  expire(): void;
}>;

/** Creates a {@link HangingLog}. */
export function aHangingLog(): HangingLog {
  const bus = createMemoryBus();
  let waiting: ((how: 'acknowledged' | 'expired') => void)[] = [];
  let isHanging = true;
  const end = (how: 'acknowledged' | 'expired'): void => {
    const ending = waiting;
    waiting = [];
    for (const one of ending) one(how);
  };
  return {
    bus: {
      ...bus,
      producer: async (options) => {
        const producer = await bus.producer(options);
        return {
          publish: async (record, given) => producer.publish(record, given),
          whenWritable: async () => producer.whenWritable(),
          close: async () => producer.close(),
          publishAll: async (records, given) => {
            if (isHanging && records.some(({ topic }) => topic === topics.events)) {
              const how = await new Promise((resolve) => waiting.push(resolve));
              if (how === 'expired') throw new AppError({ code: 'unavailable', message: 'not in time' });
            }
            return producer.publishAll(records, given);
          },
        };
      },
    },
    acknowledge: () => {
      isHanging = false;
      end('acknowledged');
    },
    expire: () => end('expired'),
  };
}

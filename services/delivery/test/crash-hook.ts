import { createRequire } from 'node:module';
import type { CrashPoint } from './delivery-process.ts';

// Loaded before the service by `node --import`. Kills its own process at the moment when the brokers have acknowledged
// a send, before the process handles the acknowledgement. Nothing after that, in particular no commit, is begun.

type Message = Readonly<{ key?: string | Buffer | null; value: Buffer | null }>;
type Sent = Readonly<{ topic: string; messages: readonly Message[] }>;
type Batch = Readonly<{ topicMessages: readonly Sent[] }>;
type Producer = Readonly<{ sendBatch(batch: Batch): Promise<unknown> }>;
type Client = Readonly<{ Kafka: { prototype: { producer(options: unknown): Producer } } }>;

const crashPoint = JSON.parse(process.env['STRIKE'] ?? '{}') as CrashPoint;
// The client of packages/kafka itself: a hook in another copy would not intercept its sends.
const { Kafka } = createRequire(import.meta.resolve('@tidings/kafka'))('kafkajs') as Client;
const { producer } = Kafka.prototype;
const isMeant = ({ topic, messages }: Sent): boolean =>
  topic === crashPoint.topic &&
  messages.some(({ key, value }) => key?.toString() === crashPoint.key && value?.includes(crashPoint.text));
Kafka.prototype.producer = function struck(options): Producer {
  const made = producer.call(this, options);
  return {
    ...made,
    sendBatch: async (batch) => {
      const sent = await made.sendBatch(batch);
      if (batch.topicMessages.some(isMeant)) process.kill(process.pid, 'SIGKILL');
      return sent;
    },
  };
};

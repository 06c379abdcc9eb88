import { createRequire } from 'node:module';
import type { Strike } from './delivery-process.ts';

// Loaded before the service by `node --import`: kills its own process in the very moment when the brokers have
// acknowledged a send, before anything in it learns of that. What would follow, commits above all, is then not begun.

type Batch = Readonly<{ topicMessages: readonly Readonly<{ topic: string }>[] }>;
type Producer = Readonly<{ sendBatch(batch: Batch): Promise<unknown> }>;
type Client = Readonly<{ Kafka: { prototype: { producer(options: unknown): Producer } } }>;

const { topic, sends } = JSON.parse(process.env['STRIKE'] ?? '{}') as Strike;
// The client of packages/kafka itself: another copy would see none of its sends.
const { Kafka } = createRequire(import.meta.resolve('@tidings/kafka'))('kafkajs') as Client;
const { producer } = Kafka.prototype;
let acknowledged = 0;
Kafka.prototype.producer = function struck(options): Producer {
  const made = producer.call(this, options);
  return {
    ...made,
    sendBatch: async (batch) => {
      const sent = await made.sendBatch(batch);
      if (batch.topicMessages.some((messages) => messages.topic === topic)) acknowledged += 1;
      if (acknowledged >= sends) process.kill(process.pid, 'SIGKILL');
      return sent;
    },
  };
};

import { createRequire } from 'node:module';
import type { CrashPoint } from './delivery-process.ts';

// Loaded before the service by `node --import`. Kills its own process at the moment when the brokers have acknowledged
// a send, before the process handles the acknowledgement. Nothing after that, in particular no commit, is begun.

type Batch = Readonly<{ records: Buffer }>;
type Sent = Readonly<{ topic: string; partitions: readonly Readonly<{ batch: Batch }>[] }>;
type LeaderConnection = Readonly<{
  prototype: { send(this: object, body: readonly Sent[]): Promise<unknown> };
}>;
type Decoder = Readonly<{ canReadBytes(count: number): boolean; readVarInt(): number }>;
type Message = Readonly<{ key: Buffer | null; value: Buffer | null }>;

const crashPoint = JSON.parse(process.env['STRIKE'] ?? '{}') as CrashPoint;

// The module of packages/kafka itself: a hook in another copy would not intercept its sends.
const kafka = import.meta.resolve('@tidings/kafka');
const { LeaderConnection } = (await import(
  new URL('./producer/leader-connection.js', kafka).href
)) as Readonly<{ LeaderConnection: LeaderConnection }>;
const require = createRequire(kafka);
const { decompressFrameSync } = require('lz4-napi') as { decompressFrameSync(frame: Buffer): Buffer };
const KafkaDecoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => Decoder;
const decodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0/decoder.js') as (
  decoder: Decoder,
  context: object,
) => Message;

const messagesOf = ({ records }: Batch): readonly Message[] => {
  const decoder = new KafkaDecoder(decompressFrameSync(records));
  const messages: Message[] = [];
  while (decoder.canReadBytes(1)) {
    decoder.readVarInt();
    messages.push(decodeRecord(decoder, { firstOffset: 0, firstTimestamp: 0 }));
  }
  return messages;
};

const isMeant = ({ topic, partitions }: Sent): boolean =>
  topic === crashPoint.topic &&
  partitions
    .flatMap(({ batch }) => messagesOf(batch))
    .some(({ key, value }) => key?.toString() === crashPoint.key && value?.includes(crashPoint.text));

const { send } = LeaderConnection.prototype;
LeaderConnection.prototype.send = async function struck(body) {
  const sent = await send.call(this, body);
  if (body.some(isMeant)) process.kill(process.pid, 'SIGKILL');
  return sent;
};

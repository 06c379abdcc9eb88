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
type Codec = Readonly<{ decompress(frame: Buffer): Promise<Buffer> }>;
type Client = Readonly<{
  CompressionTypes: Readonly<Record<'LZ4', number>>;
  /** The codec of LZ4 is registered when the client is made. */
  CompressionCodecs: Readonly<Record<number, () => Codec>>;
}>;
type Message = Readonly<{ key: Buffer | null; value: Buffer | null }>;

const crashPoint = JSON.parse(process.env['STRIKE'] ?? '{}') as CrashPoint;

// The module of packages/kafka itself: a hook in another copy would not intercept its sends.
const kafka = import.meta.resolve('@tidings/kafka');
const { LeaderConnection } = (await import(
  new URL('./producer/leader-connection.js', kafka).href
)) as Readonly<{ LeaderConnection: LeaderConnection }>;
const ofKafka = createRequire(kafka);
const { CompressionCodecs, CompressionTypes } = ofKafka('kafkajs') as Client;
const KafkaDecoder = ofKafka('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => Decoder;
const decodeRecord = ofKafka('kafkajs/src/protocol/recordBatch/record/v0/decoder.js') as (
  decoder: Decoder,
  context: object,
) => Message;

const messagesOf = async ({ records }: Batch): Promise<readonly Message[]> => {
  const codec = CompressionCodecs[CompressionTypes.LZ4]?.();
  if (codec === undefined) throw new Error('packages/kafka has registered no codec');
  const decoder = new KafkaDecoder(await codec.decompress(records));
  const messages: Message[] = [];
  while (decoder.canReadBytes(1)) {
    decoder.readVarInt();
    messages.push(decodeRecord(decoder, { firstOffset: 0, firstTimestamp: 0 }));
  }
  return messages;
};

const isMeant = ({ key, value }: Message): boolean =>
  key?.toString() === crashPoint.key && value?.includes(crashPoint.text) === true;

const { send } = LeaderConnection.prototype;
LeaderConnection.prototype.send = async function struck(body) {
  const sent = await send.call(this, body);
  const meant = body
    .filter(({ topic }) => topic === crashPoint.topic)
    .flatMap(({ partitions }) => partitions);
  const messages = await Promise.all(meant.map(async ({ batch }) => messagesOf(batch)));
  if (messages.flat().some(isMeant)) process.kill(process.pid, 'SIGKILL');
  return sent;
};

import { once } from 'node:events';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

const require = createRequire(import.meta.url);

/** Writes the fields of Kafka's protocol: kafkajs's encoder. */
export type Encoder = {
  readonly buffer: Buffer;
  writeInt8(n: number): Encoder;
  writeInt16(n: number): Encoder;
  writeInt32(n: number): Encoder;
  writeInt64(n: number): Encoder;
  writeString(text: string): Encoder;
  writeBytes(bytes: Buffer): Encoder;
  writeBoolean(is: boolean): Encoder;
  writeEncoder(other: Encoder): Encoder;
};

/** Reads the fields of Kafka's protocol: kafkajs's decoder. */
export type Decoder = {
  readInt8(): number;
  readInt16(): number;
  readInt32(): number;
  readInt64(): bigint;
  readBytes(): Buffer;
  readString(): string;
  readArray<T>(read: (decoder: Decoder) => T): T[];
};

export const KafkaEncoder = require('kafkajs/src/protocol/encoder.js') as new () => Encoder;
const KafkaDecoder = require('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => Decoder;

const versionsKey = 18;

/** Encodes an array with its length. */
export const arrayOf = <T>(values: readonly T[], write: (value: T) => Encoder): Encoder => {
  const encoder = new KafkaEncoder().writeInt32(values.length);
  for (const value of values) encoder.writeEncoder(write(value));
  return encoder;
};

/** The requests that a broker understands, each with its only version, and what it answers; null: it closes the connection. */
export type BrokerByHandOptions = Readonly<{
  versions: readonly (readonly [apiKey: number, version: number])[];
  answer: (apiKey: number, request: Decoder) => Encoder | null;
}>;

/** A broker on a port of 127.0.0.1 of which a test sets the answers. */
export class BrokerByHand {
  readonly #options: BrokerByHandOptions;
  readonly #server: Server = createServer((socket) => this.#serve(socket));
  readonly #sockets = new Set<Socket>();

  constructor(options: BrokerByHandOptions) {
    this.#options = options;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    let bytes = Buffer.alloc(0);
    socket.on('data', (part: Buffer) => {
      bytes = Buffer.concat([bytes, part]);
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readInt32BE(0)) {
        const size = bytes.readInt32BE(0);
        const answer = this.#answer(new KafkaDecoder(bytes.subarray(4, 4 + size)));
        if (answer === null) socket.destroy();
        else socket.write(answer);
        bytes = bytes.subarray(4 + size);
      }
    });
  }

  #answer(request: Decoder): Buffer | null {
    const [apiKey, , id] = [request.readInt16(), request.readInt16(), request.readInt32()];
    request.readString();
    const body = apiKey === versionsKey ? this.#versions() : this.#options.answer(apiKey, request);
    if (body === null) return null;
    return new KafkaEncoder().writeBytes(new KafkaEncoder().writeInt32(id).writeEncoder(body).buffer).buffer;
  }

  #versions(): Encoder {
    const ranges = [...this.#options.versions, [versionsKey, 2] as const];
    const write = ([key, version]: readonly [number, number]): Encoder =>
      new KafkaEncoder().writeInt16(key).writeInt16(version).writeInt16(version);
    return new KafkaEncoder().writeInt16(0).writeEncoder(arrayOf(ranges, write)).writeInt32(0);
  }
}

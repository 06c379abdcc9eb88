import { randomBytes } from 'node:crypto';
import kafkajs from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { registerLz4 } from './lz4-codec.ts';

type Codec = Readonly<{
  compress: (encoder: { readonly buffer: Buffer }) => Promise<Buffer>;
  decompress: (data: Buffer) => Promise<Buffer>;
}>;

function codec(): Codec {
  registerLz4();
  const create = kafkajs.CompressionCodecs[kafkajs.CompressionTypes.LZ4] as () => Codec;
  return create();
}

describe('lz4 codec', () => {
  it('reads a frame that the Java client has written', async () => {
    const frame =
      '04224d18604082250000008f746964696e677320080004f0083a206163636570746564206d65616e732073746f72656400000000';
    const read = await codec().decompress(Buffer.from(frame, 'hex'));
    expect(read.toString()).toBe('tidings tidings tidings tidings: accepted means stored');
  });

  it.each([0, 1, 1_000, 65_536, 65_537, 600_000])('restores %d bytes unchanged', async (size) => {
    for (const data of [randomBytes(size), Buffer.alloc(size, 'tidings ')]) {
      const frame = await codec().compress({ buffer: data });
      expect((await codec().decompress(frame)).equals(data)).toBe(true);
    }
  });

  it('writes frames with independent blocks, the only ones that Java brokers read', async () => {
    const frame = await codec().compress({ buffer: Buffer.alloc(200_000, 'x') });
    expect(frame.readUInt32LE(0)).toBe(0x184d2204);
    const flags = frame.readUInt8(4);
    expect({ version: flags >> 6, areIndependent: (flags & 0b10_0000) !== 0 }).toEqual({
      version: 1,
      areIndependent: true,
    });
  });
});

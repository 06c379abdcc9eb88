import kafkajs from 'kafkajs';
import { compressFrame, compressFrameSync, decompressFrame, decompressFrameSync } from 'lz4-napi';

// Below this size the work takes less time than the thread pool's overhead; above it the event loop must stay free.
const inlineBytes = 64 * 1024;

/** Compresses the records of a batch as Kafka prescribes: at once if they are small, else on another thread. */
export const compressForBatch = (data: Buffer): Buffer | Promise<Buffer> =>
  data.length <= inlineBytes ? compressFrameSync(data) : compressFrame(data);

async function decompress(data: Buffer): Promise<Buffer> {
  return data.length <= inlineBytes ? decompressFrameSync(data) : decompressFrame(data);
}

let isRegistered = false;

/**
 * Registers LZ4 with kafkajs (attribute 3 of a record batch), in the frame format that Kafka prescribes (KIP-57), not
 * raw blocks. kafkajs stores codecs per process, so this happens once.
 */
export function registerLz4(): void {
  if (isRegistered) return;
  isRegistered = true;
  // Requires the default import: the named exports of kafkajs's CommonJS are undefined at run time.
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.LZ4] = () => ({
    compress: async (encoder: { readonly buffer: Buffer }) => compressForBatch(encoder.buffer),
    decompress,
  });
}

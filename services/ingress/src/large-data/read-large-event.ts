import { createHash } from 'node:crypto';
import type { LargeData } from '@tidings/contracts';
import { JsonScanner, NotJson } from '@tidings/json';
import { AppError } from '@tidings/runtime';
import { maxDataDepth } from '../domain/event-request.ts';

/** Maximum size of a request without its data, in bytes. */
const maxEnvelopeBytes = 65_536;

/** An event as it was read: its request, in which `null` stands for the data, and what was read of them. */
export type LargeEvent = Readonly<{ envelope: Buffer; large: LargeData }>;

/**
 * Reads an event of any size: passes its data to `write` byte for byte, and returns the rest. Throws AppError
 * `invalid-request` if the body is not JSON, and `payload-too-large` if the rest is.
 */
export const readLargeEvent = async (
  body: AsyncIterable<Buffer>,
  write: (data: Buffer) => Promise<void>,
): Promise<LargeEvent> => {
  const scanner = new JsonScanner({ name: 'data', maxDepth: maxDataDepth });
  const hash = createHash('sha256');
  const envelope: Buffer[] = [];
  let envelopeBytes = 0;
  let bytes = 0;
  try {
    for await (const chunk of body) {
      for (const part of scanner.push(chunk)) {
        if (part.isInside) {
          if (bytes === 0) envelope.push(Buffer.from('null'));
          bytes += part.bytes.length;
          hash.update(part.bytes);
          await write(part.bytes);
        } else {
          envelopeBytes += part.bytes.length;
          if (envelopeBytes > maxEnvelopeBytes) throw tooLong();
          // A copy: what it is a part of would stay in memory with it.
          envelope.push(Buffer.from(part.bytes));
        }
      }
    }
    scanner.end();
  } catch (error) {
    throw error instanceof NotJson ? malformed(error) : error;
  }
  return { envelope: Buffer.concat(envelope), large: { bytes, sha256: hash.digest('hex') } };
};

const tooLong = (): AppError => {
  const message = `Everything but 'data' may have at most ${maxEnvelopeBytes} bytes together.`;
  return new AppError({ code: 'payload-too-large', message });
};

const malformed = (cause: NotJson): AppError => {
  const message = `The body is not valid JSON: ${cause.message}.`;
  const details = [{ pointer: '', detail: message }];
  return new AppError({ code: 'invalid-request', message, cause, details });
};

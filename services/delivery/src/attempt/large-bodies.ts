import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type DeliveryRequested, type DeliveryState, type LargeData, largeDataKey } from '@tidings/contracts';
import type { StreamedBody } from '@tidings/egress';
import type { ObjectStorage } from '@tidings/object-storage';
import type { Logger } from '@tidings/observability';
import { AppError, messageOf } from '@tidings/runtime';
import { type StreamSignatures, type StreamSignInput, streamSigner } from '@tidings/signing';

/** A command with which data in the object storage are sent. */
export type LargeCommand = DeliveryRequested &
  Readonly<{ state: DeliveryState & Readonly<{ large: NonNullable<DeliveryState['large']> }> }>;

/** Returns true for a {@link LargeCommand}. */
export const isLarge = (command: DeliveryRequested): command is LargeCommand =>
  command.state.large !== undefined;

/**
 * The signatures of a body, or why it has none: `missing` and `changed` are final, `busy` (the memory for signatures over
 * the whole body is in use) and `unavailable` (the storage does not respond) are not.
 */
export type SignedLarge =
  | Readonly<{ kind: 'signed'; signatures: StreamSignatures }>
  | Readonly<{ kind: 'missing' | 'changed' | 'busy' }>
  | Readonly<{ kind: 'unavailable'; detail: string; isTransient: boolean }>;

type Parts = Readonly<{
  storage: Pick<ObjectStorage, 'get' | 'touch'>;
  /** Maximum bytes of bodies in memory at once, for ed25519 signatures; one always fits. */
  maxHeldBytes: number;
  logger: Logger;
}>;

const keyOf = ({ workspaceId, eventId, large }: LargeCommand['state']): string =>
  largeDataKey({ workspaceId, eventId, sha256: large.sha256 });

/**
 * The bodies whose data are in the object storage. The signature precedes the body, so an attempt reads the data twice:
 * once to verify and to sign them, once to send them. Neither holds them in memory, but for ed25519.
 */
export class LargeBodies {
  readonly #parts: Parts;
  #heldBytes = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Reads the body once. Never rejects. */
  async sign(command: LargeCommand, input: StreamSignInput): Promise<SignedLarge> {
    const isWhole = input.secrets.some((secret) => typeof secret !== 'string' && secret.scheme === 'v1a');
    const held = isWhole ? command.state.large.bytes : 0;
    if (held > 0 && this.#heldBytes > 0 && this.#heldBytes + held > this.#parts.maxHeldBytes)
      return { kind: 'busy' };
    this.#heldBytes += held;
    try {
      return await this.#signWhole(command, input);
    } catch (error) {
      const isTransient = !(error instanceof AppError) || error.retryable;
      return { kind: 'unavailable', detail: messageOf(error), isTransient };
    } finally {
      this.#heldBytes -= held;
    }
  }

  /** Returns the body as it is sent. */
  body(command: LargeCommand): StreamedBody {
    const bytes = command.body.length + command.state.large.bytes;
    return { bytes, open: () => Readable.from(this.#wholeOf(command), { objectMode: false }) };
  }

  /** Makes the data of a dead letter young again: it holds them for as long as itself is kept. Returns at once. */
  readonly onDeadLetter = (command: DeliveryRequested): void => {
    if (!isLarge(command)) return;
    const { deliveryId } = command.state;
    this.#parts.storage.touch(keyOf(command.state)).catch((error: unknown) => {
      this.#parts.logger.warn({ deliveryId, detail: messageOf(error) }, 'large-data.not-kept');
    });
  };

  async #signWhole({ body, state }: LargeCommand, input: StreamSignInput): Promise<SignedLarge> {
    const found = await this.#parts.storage.get(keyOf(state));
    if (found === null) return { kind: 'missing' };
    const { at } = state.large;
    const signer = streamSigner(input);
    const hash = createHash('sha256');
    signer.update(body.subarray(0, at));
    for await (const chunk of found.body as AsyncIterable<Buffer>) {
      signer.update(chunk);
      hash.update(chunk);
    }
    signer.update(body.subarray(at));
    return isSame(state.large, found.object.bytes, hash.digest('hex'))
      ? { kind: 'signed', signatures: signer.finish() }
      : { kind: 'changed' };
  }

  async *#wholeOf({ body, state }: LargeCommand): AsyncGenerator<Buffer> {
    const found = await this.#parts.storage.get(keyOf(state));
    if (found === null)
      throw new AppError({ code: 'unavailable', message: 'the data were removed meanwhile' });
    const { at } = state.large;
    if (at > 0) yield body.subarray(0, at);
    yield* found.body as AsyncIterable<Buffer>;
    if (at < body.length) yield body.subarray(at);
  }
}

const isSame = ({ bytes, sha256 }: LargeData, foundBytes: number, foundSha256: string): boolean =>
  bytes === foundBytes && sha256 === foundSha256;

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  type DeliveryRequested,
  type DeliveryState,
  dataRefOf,
  type LargeData,
  largeDataKey,
  largeDataPrefixOf,
} from '@tidings/contracts';
import type { StreamedBody } from '@tidings/egress';
import { getWithin, type ObjectStorage } from '@tidings/object-storage';
import type { Logger } from '@tidings/observability';
import { AppError, type Clock, messageOf, sleep } from '@tidings/runtime';
import { type StreamSignatures, type StreamSignInput, streamSigner } from '@tidings/signing';

/** A command with which data in the object storage are sent. */
export type LargeCommand = DeliveryRequested &
  Readonly<{ state: DeliveryState & Readonly<{ large: NonNullable<DeliveryState['large']> }> }>;

/** Returns true for a {@link LargeCommand}. */
export const isLarge = (command: DeliveryRequested): command is LargeCommand =>
  command.state.large !== undefined;

/** Returns true if the body of a command refers to data in the object storage. */
const isReference = ({ body, state }: DeliveryRequested): boolean => {
  const dataref = dataRefOf(state.eventId);
  if (state.cloudEvent !== undefined) return state.cloudEvent.dataref === dataref;
  return body.includes(`"dataref":"${dataref}"`);
};

/**
 * The signatures of a body, or why it has none: `missing` and `changed` are final, `busy` (the memory for signatures over
 * the whole body is in use) and `unavailable` (the storage does not respond) are not.
 */
export type SignedLarge =
  | Readonly<{ kind: 'signed'; signatures: StreamSignatures }>
  | Readonly<{ kind: 'missing' | 'changed' | 'busy' }>
  | Readonly<{ kind: 'unavailable'; detail: string; isTransient: boolean }>;

type Parts = Readonly<{
  storage: Pick<ObjectStorage, 'get' | 'touch' | 'list'>;
  /** Maximum bytes of bodies in memory at once, for ed25519 signatures; one always fits. */
  maxHeldBytes: number;
  /** Maximum time of the first pass, after which the storage counts as not responding. */
  signTimeoutMs?: number;
  /** Time before a second try to keep the data of a dead letter; it doubles. */
  touchAgainMs?: number;
  clock: Clock;
  logger: Logger;
}>;

// An attempt in its first pass holds a slot of the process.
const defaultSignTimeoutMs = 60_000;
const maxTouches = 5;

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

  /**
   * Makes the data of a dead letter young again: it holds them for as long as itself is kept. Tries for some time while the
   * storage does not respond, then leaves them their age; never rejects.
   */
  readonly onDeadLetter = async (command: DeliveryRequested): Promise<void> => {
    if (!isLarge(command) && !isReference(command)) return;
    const { clock, logger, touchAgainMs = 1_000 } = this.#parts;
    const { deliveryId } = command.state;
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#touch(command);
        return;
      } catch (error) {
        const isLast = tries === maxTouches;
        const event = isLast ? 'large-data.not-kept' : 'large-data.not-kept-yet';
        logger[isLast ? 'error' : 'warn']({ deliveryId, tries, detail: messageOf(error) }, event);
        if (isLast) return;
      }
      await sleep(clock, touchAgainMs * 2 ** (tries - 1));
    }
  };

  async #touch(command: DeliveryRequested): Promise<void> {
    const { storage } = this.#parts;
    if (isLarge(command)) {
      await storage.touch(keyOf(command.state));
      return;
    }
    // A reference does not name the object alone; an event has one, or a few if it was repeated with other data.
    for await (const { key } of storage.list(largeDataPrefixOf(command.state))) await storage.touch(key);
  }

  async #signWhole({ body, state }: LargeCommand, input: StreamSignInput): Promise<SignedLarge> {
    const { storage, signTimeoutMs = defaultSignTimeoutMs } = this.#parts;
    const found = await getWithin(storage, keyOf(state), signTimeoutMs);
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
    try {
      if (at > 0) yield body.subarray(0, at);
      yield* found.body as AsyncIterable<Buffer>;
      if (at < body.length) yield body.subarray(at);
    } finally {
      // The attempt may have ended before the first byte was read.
      found.body.destroy();
    }
  }
}

const isSame = ({ bytes, sha256 }: LargeData, foundBytes: number, foundSha256: string): boolean =>
  bytes === foundBytes && sha256 === foundSha256;

import { setTimeout as wait } from 'node:timers/promises';
import { checkFunction, checkNames, checkWhole, type Names } from '../check-arguments.ts';
import type { TidingsClient } from '../client/create-client.ts';
import type { OutboxStore, RefusedEntry } from './outbox-entry.ts';
import { publishEntries } from './publish-entries.ts';

/**
 * Options of {@link createRelay}. `outbox`: that of postgresOutbox or mongoOutbox. `tidings`: the client. `batchSize`:
 * entries that are taken at once, 1 to 1,000 (default 100). `idleMs`: the wait when the outbox is empty (default 1,000).
 * `leaseSeconds`: after which the entries of a relay that hangs are taken by another one (default 60). `onError`: called
 * for each failure, after which the relay tries again (default: console.error). `onRefused`: called for entries that
 * Tidings refused, which stay in the outbox and are not sent again (default: console.error).
 */
export type RelayOptions = Readonly<{
  outbox: OutboxStore;
  tidings: Pick<TidingsClient, 'publishBatch'>;
  batchSize?: number;
  idleMs?: number;
  leaseSeconds?: number;
  onError?: (error: unknown) => void;
  onRefused?: (refused: readonly RefusedEntry[]) => void;
}>;

/** A relay, which publishes the events of an outbox. */
export type Relay = Readonly<{
  /** Takes and publishes one batch. Returns the number of entries that were sent or refused. */
  runOnce: () => Promise<number>;
  /** Publishes until the signal is aborted, and then ends after the batch in progress. Never rejects. */
  run: (signal: AbortSignal) => Promise<void>;
}>;

const names: Names = {
  known: ['outbox', 'tidings', 'batchSize', 'idleMs', 'leaseSeconds', 'onError', 'onRefused'],
  mistakenFor: {
    client: 'tidings',
    store: 'outbox',
    pollMs: 'idleMs',
    intervalMs: 'idleMs',
    lease: 'leaseSeconds',
  },
};
const maxBatch = 1_000;
const maxIdleMs = 3_600_000;
const maxLeaseSeconds = 3_600;
const maxBackoffMs = 30_000;

/**
 * Creates a relay. Any number of them may run on one outbox. An event is published at least once, always under the id
 * with which it was added; events of one ordering key in the order in which they were added. Throws TypeError for invalid
 * options.
 */
export function createRelay(options: RelayOptions): Relay {
  checkNames('the argument of createRelay', options, names);
  const { outbox, tidings, batchSize = 100, idleMs = 1_000, leaseSeconds = 60, ...reports } = options;
  const { onError = reportError, onRefused = reportRefused } = reports;
  checkFunction('outbox.take', outbox?.take);
  checkFunction('tidings.publishBatch', tidings?.publishBatch);
  checkWhole('batchSize', batchSize, [1, maxBatch]);
  checkWhole('idleMs', idleMs, [1, maxIdleMs]);
  checkWhole('leaseSeconds', leaseSeconds, [1, maxLeaseSeconds]);
  checkFunction('onError', onError);
  checkFunction('onRefused', onRefused);
  const leaseMs = leaseSeconds * 1000;

  const runOnce = async (): Promise<number> => {
    // Begins before the lease does, so that it ends before it.
    const signal = AbortSignal.timeout(leaseMs);
    const taken = await outbox.take(batchSize, leaseMs);
    if (taken === null) return 0;
    const { sent, refused, error } = await publishEntries(tidings, taken.entries, signal);
    if (sent.length + refused.length === 0) await taken.abandon();
    else await taken.finish({ sent, refused });
    if (refused.length > 0) onRefused(refused);
    if (error !== undefined) throw error;
    return sent.length + refused.length;
  };

  return {
    runOnce,
    run: async (signal) => {
      for (let failures = 0; !signal.aborted; ) {
        let waitMs = idleMs;
        try {
          if ((await runOnce()) > 0) waitMs = 0;
          failures = 0;
        } catch (error) {
          onError(error);
          waitMs = Math.min(maxBackoffMs, idleMs * 2 ** failures);
          failures += 1;
        }
        // Rejects only when the signal is aborted, which ends the loop.
        if (waitMs > 0) await wait(waitMs, undefined, { signal }).catch(() => {});
      }
    },
  };
}

function reportError(error: unknown): void {
  console.error('tidings: the relay of the outbox failed, and will try again', error);
}

function reportRefused(refused: readonly RefusedEntry[]): void {
  for (const { id, reason } of refused)
    console.error(`tidings: the event ${id} of the outbox was refused: ${reason}`);
}

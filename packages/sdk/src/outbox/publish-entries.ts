import type { BatchResult, TidingsClient } from '../client/create-client.ts';
import { TidingsError } from '../client/tidings-error.ts';
import { eventOf, type OutboxEntry, type RefusedEntry, type RelayOutcome } from './outbox-entry.ts';

/** An outcome, and the error after which no more entries were sent, or because of which none was accepted. */
export type Published = RelayOutcome & Readonly<{ error?: Error }>;

type Publisher = Pick<TidingsClient, 'publishBatch'>;
/** Of one entry: `later`: it is sent again, and those behind it wait. */
type Result = 'sent' | Readonly<{ later: string }> | Readonly<{ refused: string }>;

// The API takes 4 MB and 1,000 events.
const maxBatchBytes = 3_500_000;
const maxBatchEvents = 1_000;
// The fault is in the request, not in the key of the API or in its state.
const refusals: ReadonlySet<number | undefined> = new Set([400, 413, 415, 422]);

/**
 * Publishes entries, at most one of each key at a time: the next one is sent after the one before it was accepted or
 * refused. Never rejects.
 */
export async function publishEntries(
  tidings: Publisher,
  entries: readonly OutboxEntry[],
  signal: AbortSignal,
): Promise<Published> {
  const sent: string[] = [];
  const refused: RefusedEntry[] = [];
  let queues = queuesOf(entries);
  let delay = 'the client returned no result';
  try {
    while (queues.length > 0) {
      const rest: OutboxEntry[][] = [];
      for (const batch of batchesOf(queues)) {
        const results = await publishBatch(
          tidings,
          batch.map(([head]) => head),
          signal,
        );
        batch.forEach(([head, ...behind], index) => {
          const result = results[index] ?? { later: delay };
          if (result === 'sent') sent.push(head.id);
          else if ('later' in result) {
            delay = result.later;
            return;
          } else refused.push({ id: head.id, reason: result.refused });
          if (behind.length > 0) rest.push(behind);
        });
      }
      queues = rest;
    }
    if (sent.length + refused.length > 0 || entries.length === 0) return { sent, refused };
    const error = new Error(`none of ${entries.length} events was accepted, they are sent again: ${delay}`);
    return { sent, refused, error };
  } catch (cause) {
    const error =
      cause instanceof Error ? cause : new Error(`the client failed: ${String(cause)}`, { cause });
    return { sent, refused, error };
  }
}

/** Returns the entries of each key in their order, and each entry without a key for itself. */
function queuesOf(entries: readonly OutboxEntry[]): OutboxEntry[][] {
  const byKey = new Map<string, OutboxEntry[]>();
  const queues: OutboxEntry[][] = [];
  for (const entry of entries) {
    const known = entry.orderingKey === null ? undefined : byKey.get(entry.orderingKey);
    if (known !== undefined) {
      known.push(entry);
      continue;
    }
    const queue = [entry];
    queues.push(queue);
    if (entry.orderingKey !== null) byKey.set(entry.orderingKey, queue);
  }
  return queues;
}

type Queue = [OutboxEntry, ...OutboxEntry[]];

function* batchesOf(queues: readonly OutboxEntry[][]): Generator<readonly Queue[]> {
  let batch: Queue[] = [];
  let bytes = 0;
  for (const [head, ...behind] of queues) {
    if (head === undefined) continue;
    const size = Buffer.byteLength(head.event);
    if (batch.length > 0 && (bytes + size > maxBatchBytes || batch.length >= maxBatchEvents)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push([head, ...behind]);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

async function publishBatch(
  tidings: Publisher,
  entries: readonly OutboxEntry[],
  signal: AbortSignal,
): Promise<readonly Result[]> {
  try {
    const results = await tidings.publishBatch(entries.map(eventOf), { signal });
    return results.map(resultOf);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    if (entries.length === 1) return [{ refused: error.message }];
    // One of them makes the whole request invalid: the others are accepted without it.
    const results: Result[] = [];
    for (const entry of entries) results.push(...(await publishBatch(tidings, [entry], signal)));
    return results;
  }
}

// TypeError and SyntaxError: an entry that this release cannot send. All failures of the network are a TidingsError.
const isRefusal = (error: unknown): error is Error =>
  error instanceof TidingsError
    ? refusals.has(error.status)
    : error instanceof TypeError || error instanceof SyntaxError;

function resultOf(result: BatchResult): Result {
  if (result.ok) return 'sent';
  const { status, problem } = result;
  const isTemporary = status === 408 || status === 429 || status >= 500;
  const reason = `${status} ${problem.code}: ${problem.detail}`;
  return isTemporary ? { later: reason } : { refused: reason };
}

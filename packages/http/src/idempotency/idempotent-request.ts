import { createHash, randomUUID } from 'node:crypto';
import type { Logger } from '@tidings/observability';
import { AppError, type Clock, canonicalJson, type KeyRing, messageOf, seal, unseal } from '@tidings/runtime';
import { problemTable } from '../problems/problem-table.ts';
import type { Reply } from '../routing/reply.ts';
import type { IdempotencyEntry, IdempotencyStore } from './idempotency-store.ts';

/** The dependencies of idempotent POSTs. `ring` seals the stored responses; null if none of them contains a secret. */
export type IdempotencyParts = Readonly<{
  store: IdempotencyStore;
  ring: KeyRing | null;
  clock: Clock;
  logger: Logger;
  /** Called for each request that received the stored response of an earlier one. */
  onReplay(): void;
}>;

/**
 * One run of a request's handler. `id` is the id of the object that the request creates: a run after a crash, with the
 * same Idempotency-Key, gets the same id. `isRepeat`: an earlier run may have done all or part of the work.
 */
export type RequestRun = Readonly<{ id: string; isRepeat: boolean }>;

/** A POST with an Idempotency-Key. `scope`: the caller and the route; `content`: the rest of the request. */
export type IdempotentRequest = Readonly<{
  key: string;
  scope: unknown;
  content: unknown;
  newId(nowMs: number): string;
}>;

/** Time for which a response is repeated for the same key, in milliseconds. */
export const idempotencyWindowMs = 24 * 3_600_000;

// Well above the time limit of a request: a run in progress must not be considered dead.
const claimMs = 60_000;

const sha256 = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex');

function newEntry({ clock }: IdempotencyParts, request: IdempotentRequest): IdempotencyEntry {
  const nowMs = clock.nowMs();
  return {
    id: sha256([request.scope, request.key]),
    fingerprint: sha256(request.content),
    reservedId: request.newId(nowMs),
    claim: randomUUID(),
    claimedUntilMs: nowMs + claimMs,
    expiresAtMs: nowMs + idempotencyWindowMs,
    answer: null,
  };
}

type Claimed = Readonly<{ entry: IdempotencyEntry; isRepeat: boolean }>;

/**
 * Returns the entry that this run now holds, or the one with the stored response. Throws AppError for another request
 * with the same key and for a run in progress.
 */
async function claim({ store, clock }: IdempotencyParts, fresh: IdempotencyEntry): Promise<Claimed> {
  const found = await store.claim(fresh);
  if (found === null) return { entry: fresh, isRepeat: false };
  const nowMs = clock.nowMs();
  const isExpired = found.expiresAtMs <= nowMs;
  if (!isExpired && found.fingerprint !== fresh.fingerprint) {
    const message =
      'This Idempotency-Key was used with another body, query or If-Match: use a new key for a new request.';
    throw new AppError({ code: 'unprocessable', message });
  }
  if (!isExpired && found.answer !== null) return { entry: found, isRepeat: true };
  const isRunning = !isExpired && found.claimedUntilMs > nowMs;
  const next = isExpired ? fresh : { ...fresh, reservedId: found.reservedId };
  if (!isRunning && (await store.takeOver(next, found.claim))) return { entry: next, isRepeat: !isExpired };
  const message = 'The first request with this Idempotency-Key is still in progress: repeat it later.';
  throw new AppError({ code: 'conflict', message, retryable: true, retryAfterMs: 1_000 });
}

/**
 * Runs a POST once for each Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07) and returns its response for
 * every repeat within {@link idempotencyWindowMs}. Only successful responses are stored. After a refusal (4xx), which
 * changed nothing, the key is free again; after a fault (5xx) the next request with it runs again with the same id.
 * Throws AppError `conflict` while the first run is in progress and `unprocessable` for another request with the same
 * key.
 */
export async function idempotentRequest(
  parts: IdempotencyParts,
  request: IdempotentRequest,
  handle: (run: RequestRun) => Promise<Reply>,
): Promise<Reply> {
  const { entry, isRepeat } = await claim(parts, newEntry(parts, request));
  if (entry.answer !== null) return replayed(parts, entry, entry.answer);
  try {
    const reply = await handle({ id: entry.reservedId, isRepeat });
    await settle(parts, 'idempotency.not-stored', async () =>
      parts.store.complete(entry, storedResponse(parts, entry, reply)),
    );
    return reply;
  } catch (error) {
    // An earlier run may have written the data that caused this refusal: its id must stay.
    const isFree = !isRepeat && isRefusal(error);
    await settle(parts, 'idempotency.not-released', async () =>
      isFree ? parts.store.release(entry) : parts.store.endClaim(entry),
    );
    throw error;
  }
}

const associatedWith = ({ id }: IdempotencyEntry): readonly string[] => ['idempotency', id];

function storedResponse({ ring }: IdempotencyParts, entry: IdempotencyEntry, reply: Reply): string {
  const text = JSON.stringify(reply);
  return ring === null ? text : seal(ring, text, associatedWith(entry));
}

function replayed({ ring, onReplay }: IdempotencyParts, entry: IdempotencyEntry, answer: string): Reply {
  const text = ring === null ? answer : unseal(ring, answer, associatedWith(entry));
  const { headers, ...reply } = JSON.parse(text) as Reply;
  onReplay();
  return { ...reply, headers: { ...headers, 'idempotency-replayed': 'true' } };
}

const isRefusal = (error: unknown): boolean =>
  error instanceof AppError && problemTable[error.code].status < 500;

// The outcome is valid even if it was not stored: a repeat then runs again with the reserved id.
async function settle({ logger }: IdempotencyParts, event: string, note: () => Promise<void>): Promise<void> {
  try {
    await note();
  } catch (error) {
    logger.warn({ detail: messageOf(error) }, event);
  }
}

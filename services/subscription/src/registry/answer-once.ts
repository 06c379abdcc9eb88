import { createHash, randomUUID } from 'node:crypto';
import type { Logger } from '@tidings/observability';
import { AppError, type Clock, type ErrorCode, messageOf } from '@tidings/runtime';
import { canonicalJson } from './domain/canonical-json.ts';
import type { IdempotencyEntry, IdempotencyStore, KeptAnswer, Reach } from './ports.ts';

/** What the memory of POSTs works with. */
export type OnceParts = Readonly<{ keys: IdempotencyStore; clock: Clock; logger: Logger }>;

/** A POST as its memory knows it. Without a key it is simply run. `newId` makes the id of what it would make. */
export type OnceRequest = Readonly<{
  key: string | null;
  reach: Reach;
  route: string;
  body: unknown;
  newId(nowMs: number): string;
}>;

/** What was run now, or what was answered then. */
export type Once<T> =
  | Readonly<{ isReplay: false; result: T }>
  | Readonly<{ isReplay: true; answer: KeptAnswer; entityId: string }>;

/** The work itself: gets the reserved id, and says what to keep of its result. */
export type OnceWork<T> = Readonly<{
  run(id: string): Promise<T>;
  keep(result: T): KeptAnswer;
}>;

/** How long an answer is repeated for the same key. Published in the README. */
const answersKeptMs = 24 * 3_600_000;

// Well above the time bound of a request: a run that is still at work must not be taken for dead.
const claimMs = 60_000;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function newEntry({ clock }: OnceParts, request: OnceRequest & { key: string }): IdempotencyEntry {
  const { key, reach, route, body } = request;
  const nowMs = clock.nowMs();
  return {
    id: sha256(JSON.stringify([reach.workspaceId, reach.consumerId, route, key])),
    fingerprint: sha256(canonicalJson(body)),
    entityId: request.newId(nowMs),
    claim: randomUUID(),
    claimedUntilMs: nowMs + claimMs,
    expiresAtMs: nowMs + answersKeptMs,
    answer: null,
  };
}

/** The entry this run holds now, or the answer that is there. Throws AppError for another body and for a running one. */
async function claim(parts: OnceParts, fresh: IdempotencyEntry): Promise<IdempotencyEntry> {
  const { keys, clock } = parts;
  const found = await keys.claim(fresh);
  if (found === null) return fresh;
  const nowMs = clock.nowMs();
  const isExpired = found.expiresAtMs <= nowMs;
  if (!isExpired && found.fingerprint !== fresh.fingerprint) {
    const message = 'This Idempotency-Key was used with another body: take a new key for a new request.';
    throw new AppError({ code: 'unprocessable', message });
  }
  if (!isExpired && found.answer !== null) return found;
  const isRunning = !isExpired && found.claimedUntilMs > nowMs;
  const next = isExpired ? fresh : { ...fresh, entityId: found.entityId };
  if (!isRunning && (await keys.takeOver(next, found.claim))) return next;
  const message = 'The first request with this Idempotency-Key is still at work: repeat it in a moment.';
  throw new AppError({ code: 'conflict', message, retryable: true, retryAfterMs: 1_000 });
}

/**
 * Runs a POST once for each Idempotency-Key. The id of what it makes is reserved first, so that a repeat after a crash
 * in the middle ends with the same document. A refusal keeps nothing: the request may be corrected and repeated.
 */
export async function answerOnce<T>(
  parts: OnceParts,
  request: OnceRequest,
  work: OnceWork<T>,
): Promise<Once<T>> {
  const { keys, clock } = parts;
  const { key } = request;
  if (key === null) return { isReplay: false, result: await work.run(request.newId(clock.nowMs())) };
  const entry = await claim(parts, newEntry(parts, { ...request, key }));
  if (entry.answer !== null) {
    return { isReplay: true, answer: entry.answer, entityId: entry.entityId };
  }
  try {
    const result = await work.run(entry.entityId);
    await settle(parts, 'idempotency.not-kept', () => keys.complete(entry, work.keep(result)));
    return { isReplay: false, result };
  } catch (error) {
    await settle(parts, 'idempotency.not-released', () => letGo(keys, entry, error));
    throw error;
  }
}

// A refusal wrote nothing, so the key is free again. Anything else may have written: the reserved id must stay.
const letGo = async (keys: IdempotencyStore, entry: IdempotencyEntry, error: unknown): Promise<void> =>
  error instanceof AppError && refusals.has(error.code) ? keys.release(entry) : keys.endClaim(entry);

const refusals: ReadonlySet<ErrorCode> = new Set([
  'unprocessable',
  'invalid-request',
  'forbidden',
  'not-found',
]);

// The outcome stands whether or not it could be noted: without the note a repeat runs again on the reserved id.
async function settle({ logger }: OnceParts, event: string, note: () => Promise<void>): Promise<void> {
  try {
    await note();
  } catch (error) {
    logger.warn({ detail: messageOf(error) }, event);
  }
}

import { setTimeout as wait } from 'node:timers/promises';
import { type Problem, TidingsError } from './tidings-error.ts';

/** The API's address and the retry policy of a client. Times are in milliseconds. */
export type CallOptions = Readonly<{
  url: string;
  apiKey: string;
  fetch: typeof fetch;
  timeoutMs: number;
  maxAttempts: number;
  maxWaitMs: number;
  random: () => number;
}>;

/**
 * One POST with its key. `isAnswer`: true if a 2xx response has the form of the API's response; another server may have
 * responded. `needsRepeat`: true for a well-formed response by which some items should be repeated.
 */
export type Call = Readonly<{
  path: string;
  body: string;
  idempotencyKey: string;
  signal?: AbortSignal;
  isAnswer: (answer: unknown) => boolean;
  needsRepeat?: (answer: unknown) => boolean;
}>;

type Answer =
  | Readonly<{ kind: 'done'; body: unknown }>
  | Readonly<{ kind: 'refused'; status: number; problem: Problem | undefined }>
  | Readonly<{
      kind: 'again';
      status?: number;
      problem?: Problem | undefined;
      retryAfterMs: number;
      cause?: unknown;
      body?: unknown;
    }>;

const baseWaitMs = 200;

// After each of these the event is not accepted, or its state is unknown: a repeat with the same key is safe.
const repeatableStatuses: ReadonlySet<number> = new Set([408, 429, 502, 503, 504]);

/**
 * Sends the same bytes with the same Idempotency-Key until it receives a final response. Waits between attempts as long
 * as Retry-After specifies, else 200 ms, doubled each time, with jitter. Throws TidingsError.
 */
export async function callApi(options: CallOptions, call: Call): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    call.signal?.throwIfAborted();
    const answer = await attemptOnce(options, call);
    if (answer.kind === 'done') return answer.body;
    if (answer.kind === 'refused') throw failure(call, answer, attempt);
    const waitMs = Math.max(answer.retryAfterMs, jittered(attempt, options.random));
    if (attempt >= options.maxAttempts || waitMs > options.maxWaitMs) {
      // Part of a batch was accepted: the caller receives the result of each item.
      if (answer.body !== undefined) return answer.body;
      throw failure(call, answer, attempt);
    }
    await wait(waitMs, undefined, call.signal === undefined ? {} : { signal: call.signal });
  }
}

function jittered(attempt: number, random: () => number): number {
  const fullMs = baseWaitMs * 2 ** (attempt - 1);
  return fullMs / 2 + (fullMs / 2) * random();
}

async function attemptOnce(options: CallOptions, call: Call): Promise<Answer> {
  const deadline = AbortSignal.timeout(options.timeoutMs);
  const signal = call.signal === undefined ? deadline : AbortSignal.any([deadline, call.signal]);
  try {
    const response = await options.fetch(`${options.url}${call.path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${options.apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': call.idempotencyKey,
      },
      body: call.body,
      redirect: 'error',
      signal,
    });
    return await read(response, call);
  } catch (cause) {
    call.signal?.throwIfAborted();
    return { kind: 'again', retryAfterMs: 0, cause };
  }
}

async function read(response: Response, call: Call): Promise<Answer> {
  const { status } = response;
  const body = parse(await response.text());
  const retryAfterMs = readRetryAfter(response.headers.get('retry-after'));
  if (repeatableStatuses.has(status))
    return { kind: 'again', status, problem: asProblem(body), retryAfterMs };
  if (!response.ok) return { kind: 'refused', status, problem: asProblem(body) };
  if (!call.isAnswer(body)) {
    const cause = new Error('the response is not from Tidings: check the url of the API');
    return { kind: 'again', status, retryAfterMs, cause };
  }
  return call.needsRepeat?.(body) === true
    ? { kind: 'again', status, retryAfterMs, body }
    : { kind: 'done', body };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The response is not from the API (a gateway's HTML page): the status is the only information.
    return undefined;
  }
}

function asProblem(body: unknown): Problem | undefined {
  const isProblem = typeof body === 'object' && body !== null && 'code' in body && 'detail' in body;
  return isProblem ? (body as Problem) : undefined;
}

// Seconds or an HTTP date; anything else counts as none.
function readRetryAfter(header: string | null): number {
  if (header === null) return 0;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? 0 : Math.max(0, atMs - Date.now());
}

type Failure = Readonly<{
  kind: 'again' | 'refused';
  status?: number;
  problem?: Problem | undefined;
  cause?: unknown;
}>;

function failure(call: Call, answer: Failure, attempts: number): TidingsError {
  const { status, problem, cause } = answer;
  const reason = problem?.detail ?? (cause instanceof Error ? cause.message : 'no reason given');
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  return new TidingsError({
    message: `POST ${call.path} failed after ${tries}: ${status ?? 'no response'}: ${reason}`,
    outcomeUnknown: answer.kind === 'again' && status !== 429,
    idempotencyKey: call.idempotencyKey,
    attempts,
    ...(status === undefined ? {} : { status }),
    ...(problem === undefined ? {} : { problem }),
    ...(cause === undefined ? {} : { cause }),
  });
}

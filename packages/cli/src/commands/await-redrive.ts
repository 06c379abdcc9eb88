import { setTimeout as wait } from 'node:timers/promises';
import { callApi } from '../call-api.ts';
import { CommandFailed, exitCodes } from '../exit-codes.ts';
import type { Target } from '../find-target.ts';

/** A job as the API returns it. `outcome`: a description of the endpoint's response if one dead letter was redriven. */
export type RedriveJob = Readonly<{
  id: string;
  state: string;
  done: number;
  left: number;
  outcome?: string;
  isDelivered?: boolean;
}>;

/** The redriven dead letter ('' for many), and the maximum time to wait for its outcome. */
export type Waiting = Readonly<{ letterId: string; waitSeconds: number }>;

type Letter = Readonly<{ state: string; delivery_id: string | null; redriven_chain: number | null }>;
type Attempt = Readonly<{
  chain: number;
  outcome: string;
  status_code: number | null;
  reason: string | null;
  next: Readonly<{ kind: string; at?: string }>;
}>;

// The first poll is early, since most jobs are small; the interval then grows.
const firstPauseMs = 100;
const maxPauseMs = 2_000;

/**
 * Waits until a redrive has ended and, for a single dead letter, until the first attempt of its delivery chain is
 * recorded. Returns the final job with its outcome.
 */
export async function awaitRedrive(
  target: Target,
  job: RedriveJob,
  { letterId, waitSeconds }: Waiting,
): Promise<RedriveJob> {
  const deadlineMs = performance.now() + waitSeconds * 1_000;
  const get = async <T>(path: string): Promise<T> =>
    (await callApi(target, { method: 'GET', path: `/v1/webhooks/${path}` })) as T;
  const ended = await until(deadlineMs, async () => {
    const now = await get<RedriveJob>(`dead-letter-jobs/${job.id}`);
    return now.state === 'running' ? null : now;
  });
  if (ended === null) return { ...job, outcome: stillUnderWay };
  if (letterId === '' || ended.done === 0) return ended;
  const letter = await get<Letter>(`dead-letters/${encodeURIComponent(letterId)}`);
  // A poison record returns to its topic: no endpoint responds.
  if (letter.delivery_id === null) return ended;
  const attempt = await until(deadlineMs, async () => {
    const { attempts } = await get<{ attempts: readonly Attempt[] }>(`deliveries/${letter.delivery_id}`);
    return attempts.find(({ chain }) => chain === letter.redriven_chain) ?? null;
  });
  return attempt === null ? { ...ended, outcome: stillUnderWay } : { ...ended, ...notice(attempt) };
}

const stillUnderWay = 'not known yet';

async function until<T>(deadlineMs: number, look: () => Promise<T | null>): Promise<T | null> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, maxPauseMs)) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() + pauseMs > deadlineMs) return null;
    await wait(pauseMs);
  }
}

function notice({
  outcome,
  status_code,
  reason,
  next,
}: Attempt): Pick<RedriveJob, 'outcome' | 'isDelivered'> {
  const answer = status_code === null ? (reason ?? 'no answer') : String(status_code);
  if (outcome === 'delivered') return { outcome: `delivered (${answer})`, isDelivered: true };
  const then = next.kind === 'retry' ? `tried again at ${next.at}` : 'a dead letter again';
  return { outcome: `failed (${answer}), ${then}`, isDelivered: false };
}

/** Returns why a redrive failed, for the exit code; null if it succeeded or if the command did not wait for it. */
export function redriveFailure(body: object): CommandFailed | null {
  const { outcome, isDelivered, state } = body as RedriveJob;
  if (outcome === stillUnderWay) {
    const message = 'It is still under way: tidings dead-letters job ID and deliveries get ID show how far.';
    return new CommandFailed(exitCodes.unavailable, message);
  }
  if (isDelivered === false) return new CommandFailed(exitCodes.refused, 'The endpoint did not take it.');
  return state === 'failed' ? new CommandFailed(exitCodes.refused, 'The job failed.') : null;
}

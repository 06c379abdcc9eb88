import { setTimeout as wait } from 'node:timers/promises';
import { callApi } from '../call-api.ts';
import { CommandFailed, exitCodes } from '../exit-codes.ts';
import type { Target } from '../find-target.ts';

/** A job as the API shows it, and `outcome`: what the endpoint answered, in words, where one letter was sent again. */
export type RedriveJob = Readonly<{
  id: string;
  state: string;
  done: number;
  left: number;
  outcome?: string;
  isDelivered?: boolean;
}>;

/** The letter that was sent again ('' when they were many), and for how long its outcome is waited for. */
export type Waiting = Readonly<{ letterId: string; waitSeconds: number }>;

type Letter = Readonly<{ state: string; delivery_id: string | null; redriven_chain: number | null }>;
type Attempt = Readonly<{
  chain: number;
  outcome: string;
  status_code: number | null;
  reason: string | null;
  next: Readonly<{ kind: string; at?: string }>;
}>;

// The first look is soon, since most jobs are small; then ever more seldom.
const firstPauseMs = 100;
const maxPauseMs = 2_000;

/**
 * Waits until a redrive has ended and, where it was of one letter, until the first attempt of the chain in which it was sent
 * is recorded. Returns the job as it is then, with its outcome.
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
  // A poison record goes back to its topic: there is no endpoint that answers.
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

/** Returns why a redrive failed, for the exit code; null when it did not, or when nobody waited for it. */
export function redriveFailure(body: object): CommandFailed | null {
  const { outcome, isDelivered, state } = body as RedriveJob;
  if (outcome === stillUnderWay) {
    const message = 'It is still under way: tidings dead-letters job ID and deliveries get ID show how far.';
    return new CommandFailed(exitCodes.unavailable, message);
  }
  if (isDelivered === false) return new CommandFailed(exitCodes.refused, 'The endpoint did not take it.');
  return state === 'failed' ? new CommandFailed(exitCodes.refused, 'The job failed.') : null;
}

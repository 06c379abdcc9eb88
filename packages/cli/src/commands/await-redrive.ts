import { callApi } from '../api/call-api.ts';
import type { Target } from '../api/find-target.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Job } from './job-rows.ts';
import { jobFailure, until, watchJob } from './watch-job.ts';

/** A job of a redrive. `isDelivered`: the result of the one dead letter that was redriven. */
export type RedriveJob = Job & Readonly<{ isDelivered?: boolean }>;

/** The redriven dead letter ('' for many), and the maximum time to wait for its outcome. */
export type Waiting = Readonly<{ deadLetterId: string; waitSeconds: number }>;

type DeadLetter = Readonly<{ state: string; delivery_id: string | null; redriven_chain: number | null }>;
type Attempt = Readonly<{
  chain: number;
  outcome: string;
  status_code: number | null;
  reason: string | null;
  next: Readonly<{ kind: string; at?: string }>;
}>;

/**
 * Waits until a redrive has ended and, for a single dead letter, until the first attempt of its delivery chain is
 * recorded. Returns the final job with its outcome.
 */
export async function awaitRedrive(
  target: Target,
  job: RedriveJob,
  { deadLetterId, waitSeconds }: Waiting,
): Promise<RedriveJob> {
  const deadlineMs = performance.now() + waitSeconds * 1_000;
  const get = async <T>(path: string): Promise<T> =>
    (await callApi(target, { method: 'GET', path: `/v1/webhooks/${path}` })) as T;
  const ended = await watchJob(target, job.id, { deadlineMs, onProgress: () => {} });
  if (ended === null) return { ...job, outcome: notFinished };
  if (deadLetterId === '' || (ended.progress.counts['redriven'] ?? 0) === 0) return ended;
  const deadLetter = await get<DeadLetter>(`dead-letters/${encodeURIComponent(deadLetterId)}`);
  // A poison record returns to its topic: no endpoint responds.
  if (deadLetter.delivery_id === null) return ended;
  const attempt = await until(deadlineMs, async () => {
    const { attempts } = await get<{ attempts: readonly Attempt[] }>(`deliveries/${deadLetter.delivery_id}`);
    return attempts.find(({ chain }) => chain === deadLetter.redriven_chain) ?? null;
  });
  return attempt === null ? { ...ended, outcome: notFinished } : { ...ended, ...outcomeOf(attempt) };
}

const notFinished = 'not known yet';

function outcomeOf({
  outcome,
  status_code,
  reason,
  next,
}: Attempt): Pick<RedriveJob, 'outcome' | 'isDelivered'> {
  const response = status_code === null ? (reason ?? 'no response') : String(status_code);
  if (outcome === 'delivered') return { outcome: `delivered (${response})`, isDelivered: true };
  const then = next.kind === 'retry' ? `next attempt at ${next.at}` : 'dead-lettered again';
  return { outcome: `failed (${response}), ${then}`, isDelivered: false };
}

/** Returns why a redrive failed, for the exit code; null if it succeeded or if the command did not wait for it. */
export function redriveFailure(body: object): CommandFailed | null {
  const { outcome, isDelivered } = body as RedriveJob;
  if (outcome === notFinished) {
    const message =
      'The redrive is not finished: tidings jobs show ID and tidings deliveries get ID show its progress.';
    return new CommandFailed(exitCodes.unavailable, message);
  }
  if (isDelivered === false) return new CommandFailed(exitCodes.refused, 'The endpoint did not accept it.');
  return jobFailure(body);
}

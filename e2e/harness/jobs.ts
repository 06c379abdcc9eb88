import { eventually } from '@tidings/testing';
import { expect } from 'vitest';
import type { Api } from './api.ts';
import type { Tidings } from './tidings.ts';

/** A job as the API shows it. */
export type Job = Readonly<{
  id: string;
  state: string;
  progress: Readonly<{ done: number; total: number | null; counts: Readonly<Record<string, number>> }>;
}>;

/** Waits for what takes minutes on a busy machine. */
export const patience = { timeoutMs: 600_000, everyMs: 200 };

/** Follows the jobs of a stack of which parts are killed. */
export type Jobs = Readonly<{
  /** Sends a request until it is answered: a part that was killed is away for seconds. */
  ask<T>(method: string, path: string, body?: object): Promise<T>;
  jobOf(id: string): Promise<Job>;
  /** Kills a part once a share of the job is done, and waits until it runs again. `units`: where the job knows no total. */
  killAt(part: string, id: string, when: number | Readonly<{ share: number; units: number }>): Promise<void>;
  /** Waits until the job is done. */
  ended(id: string): Promise<Job>;
  /** Returns the newest job of a kind, which another request has created. */
  newestJob(kind: string, createdAfterMs: number): Promise<Job>;
}>;

export const jobsOf = (tidings: Tidings, api: Api): Jobs => {
  const ask: Jobs['ask'] = async <T>(method: string, path: string, body?: object): Promise<T> =>
    eventually(async () => {
      const answer = await api.request(method, `/v1/webhooks/${path}`, body);
      if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer)}`);
      return answer.body as T;
    }, patience);
  const jobOf = async (id: string): Promise<Job> => ask<Job>('GET', `jobs/${id}`);
  return {
    ask,
    jobOf,
    killAt: async (part, id, when) => {
      const { share, units } = typeof when === 'number' ? { share: when, units: null } : when;
      let isOver = false;
      await eventually(
        async () => {
          const { state, progress } = await jobOf(id);
          isOver = state === 'done';
          if (isOver) throw new Error('the job has ended before the kill');
          expect(progress.done / (units ?? progress.total ?? Infinity)).toBeGreaterThanOrEqual(share);
        },
        { ...patience, everyMs: 50, abortIf: () => isOver },
      );
      await tidings.restarted(part, await tidings.kill9(part));
    },
    ended: async (id) =>
      eventually(async () => {
        const job = await jobOf(id);
        expect(job.state).toBe('done');
        return job;
      }, patience),
    newestJob: async (kind, createdAfterMs) =>
      eventually(async () => {
        const { data } = await ask<{ data: (Job & { created_at: string })[] }>(
          'GET',
          `jobs?kind=${kind}&limit=1`,
        );
        const [job] = data;
        if (job === undefined || Date.parse(job.created_at) < createdAfterMs)
          throw new Error('no such job yet');
        return job;
      }, patience),
  };
};

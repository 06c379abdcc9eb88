import { randomUUID } from 'node:crypto';
import { consumerId, workspaceId } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import type { JobStore } from '../src/dead-letters/ports.ts';
import { aJob } from './dead-letter-builders.ts';

const aWorkspace = () => workspaceId(`ws_${randomUUID()}`);

/** Tests the contract of a job store; `open` is called in each test. */
export const describeJobStore = (name: string, open: () => JobStore): void => {
  describe(`a store of jobs: ${name}`, () => {
    it('stores every field, and one job of an id', async () => {
      const store = open();
      const job = aJob({
        workspaceId: aWorkspace(),
        ownerId: consumerId('acme'),
        reason: 'a.$b',
        counts: { settled: 1, delivered: 2, skipped: 3, failed: 4 },
        endedAtMs: 9,
        failures: 2,
        error: 'no',
      });
      expect(await store.insert(job)).toBe(true);
      expect(await store.insert({ ...job, by: 'another' })).toBe(false);
      expect(await store.findAnywhere(job.id)).toEqual(job);
      expect(await store.known([job.id, 'job_other'])).toEqual(new Set([job.id]));
      const { workspaceId: workspace } = job;
      const sees = async (scope: Parameters<JobStore['find']>[1]) =>
        (await store.find(job.id, scope)) !== null;
      expect(await sees({ workspaceId: workspace, ownerId: null })).toBe(true);
      expect(await sees({ workspaceId: workspace, ownerId: consumerId('acme') })).toBe(true);
      expect(await sees({ workspaceId: workspace, ownerId: consumerId('globex') })).toBe(false);
      expect(await sees({ workspaceId: aWorkspace(), ownerId: null })).toBe(false);
    });

    it('lists newest first, page by page, including two of the same millisecond', async () => {
      const store = open();
      const scope = { workspaceId: aWorkspace(), ownerId: null };
      const jobs = [5, 5, 5, 7].map((createdAtMs) => aJob({ ...scope, createdAtMs }));
      for (const job of jobs) await store.insert(job);
      const seen: string[] = [];
      let after: Parameters<JobStore['list']>[1]['after'] = null;
      for (;;) {
        const page = await store.list(scope, { limit: 2, after });
        seen.push(...page.map(({ id }) => id));
        const last = page.at(-1);
        if (last === undefined) break;
        after = { createdAtMs: last.createdAtMs, id: last.id };
      }
      expect(seen[0]).toBe(jobs[3]?.id);
      expect(seen.toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
    });

    it('assigns a job to one run, and to another when the first sends no heartbeat', async () => {
      const store = open();
      const job = aJob({ workspaceId: aWorkspace() });
      await store.insert(job);
      const isDue = async (nowMs: number) =>
        (await store.listDue(nowMs, 1_000)).some(({ id }) => id === job.id);
      expect(await isDue(1)).toBe(true);
      const [first, second] = [
        { claim: 'a', claimedUntilMs: 1_000 },
        { claim: 'b', claimedUntilMs: 2_000 },
      ];
      expect(await store.claim(job, first)).toBe(true);
      expect(await store.claim(job, second)).toBe(false);
      expect(await isDue(1_000)).toBe(false);
      expect(await isDue(1_001)).toBe(true);
      const taken = { ...job, ...first };
      expect(await store.claim(taken, second)).toBe(true);
      expect(await store.save({ ...taken, failures: 7 })).toBe(false);
      expect(await store.save({ ...job, ...second, failures: 8 })).toBe(true);
      expect(await store.findAnywhere(job.id)).toMatchObject({ failures: 8, claim: 'b' });
    });

    it('does not overwrite a cancellation, and closes it for its run', async () => {
      const store = open();
      const job = { ...aJob({ workspaceId: aWorkspace() }), claim: 'a', claimedUntilMs: 1_000 };
      await store.insert(job);
      expect(await store.cancel(job.id, 77_000)).toBe(true);
      expect(await store.cancel(job.id, 78_000)).toBe(false);
      expect(await store.save(job)).toBe(false);
      const stored = await store.findAnywhere(job.id);
      expect(stored).toMatchObject({ state: 'cancelled', endedAtMs: 77_000, isOpen: true });
      expect(await store.save({ ...job, state: 'cancelled', endedAtMs: 77_000, isOpen: false })).toBe(true);
      expect((await store.listDue(9_000, 1_000)).some(({ id }) => id === job.id)).toBe(false);
    });

    it('removes those that ended before a time', async () => {
      const store = open();
      const ended = (endedAtMs: number) =>
        aJob({ workspaceId: aWorkspace(), state: 'done', isOpen: false, endedAtMs });
      const jobs = [ended(100), ended(200), ended(900), aJob({ workspaceId: aWorkspace() })];
      for (const job of jobs) await store.insert(job);
      expect(await store.purge(500, 1)).toBe(1);
      expect(await store.purge(500, 10)).toBe(1);
      expect(await store.known(jobs.map(({ id }) => id))).toEqual(new Set([jobs[2]?.id, jobs[3]?.id]));
    });
  });
};

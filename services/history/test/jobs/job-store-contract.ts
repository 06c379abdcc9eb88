import { randomUUID } from 'node:crypto';
import { consumerId, workspaceId } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { type Job, jobKinds } from '../../src/jobs/domain/job.ts';
import type { JobStore } from '../../src/jobs/ports.ts';
import { aJob } from './job-builders.ts';

const aWorkspace = () => workspaceId(`ws_${randomUUID()}`);
const aClaim = (claim: string, claimedUntilMs: number) =>
  ({ claim, claimedUntilMs, state: 'running', startedAtMs: 5 }) as const;

/** Tests the contract of a job store; `open` is called in each test. */
export const describeJobStore = (name: string, open: () => JobStore): void => {
  const stored = async (over: Partial<Job> = {}) => {
    const store = open();
    const job = aJob({ workspaceId: aWorkspace(), ...over });
    await store.insert(job);
    const isDue = async (nowMs: number, kinds: readonly Job['kind'][] = jobKinds) =>
      (await store.listDue(kinds, nowMs, 1_000)).some(({ id }) => id === job.id);
    return { store, job, isDue };
  };

  describe(`a store of jobs: ${name}`, () => {
    it('stores every field, and one job of an id', async () => {
      const { store, job } = await stored({
        ownerId: consumerId('acme'),
        spec: { 'a.$b': ['$c'] },
        checkpoint: [{ partition: 1 }],
        total: 9,
        counts: { redriven: 1 },
        ratePerSecond: null,
        pace: { atMs: 3, perSecond: 0.5 },
        endedAtMs: 9,
        failures: 2,
        error: 'no',
        progressOffset: 7,
      });
      expect(await store.insert({ ...job, requestedBy: 'another' })).toBe(false);
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

    it('lists by kind and state, within the scope', async () => {
      const store = open();
      const scope = { workspaceId: aWorkspace(), ownerId: null };
      const redrive = aJob({ ...scope, ownerId: consumerId('acme') });
      const discard = aJob({ ...scope, kind: 'discard' });
      const paused = aJob({ ...scope, kind: 'discard', state: 'paused' });
      for (const job of [redrive, discard, paused]) await store.insert(job);
      const ids = async (filters: Partial<Parameters<JobStore['list']>[0]>) =>
        (await store.list({ ...scope, ...filters }, { limit: 9, after: null }))
          .map(({ id }) => id)
          .toSorted();
      expect(await ids({ kind: 'discard' })).toEqual([discard.id, paused.id].toSorted());
      expect(await ids({ kind: 'discard', state: 'paused' })).toEqual([paused.id]);
      expect(await ids({ ownerId: consumerId('acme') })).toEqual([redrive.id]);
      expect(await ids({ ownerId: consumerId('acme'), kind: 'discard' })).toEqual([]);
    });

    it('assigns a job to one run, and to another when the first does not renew its claim', async () => {
      const { store, job, isDue } = await stored();
      expect(await isDue(1)).toBe(true);
      expect(await isDue(1, ['discard', 'export'])).toBe(false);
      const [first, second] = [aClaim('a', 1_000), aClaim('b', 2_000)];
      expect(await store.claim(job, first)).toBe(true);
      expect(await store.claim(job, second)).toBe(false);
      expect(await store.findAnywhere(job.id)).toMatchObject({ state: 'running', startedAtMs: 5 });
      expect(await isDue(1_000)).toBe(false);
      expect(await isDue(1_001)).toBe(true);
      const taken = { ...job, ...first };
      expect(await store.renew(taken, 1_500)).toBe(true);
      expect(await isDue(1_001)).toBe(false);
      expect(await store.claim(taken, second)).toBe(true);
      expect(await store.renew(taken, 9_000)).toBe(false);
      expect(await store.save({ ...taken, failures: 7 })).toBe(false);
      expect(await store.save({ ...job, ...second, failures: 8, checkpoint: 3 })).toBe(true);
      expect(await store.findAnywhere(job.id)).toMatchObject({ failures: 8, claim: 'b', checkpoint: 3 });
    });

    it('does not overwrite a change of a caller, and lets the run save once it has seen it', async () => {
      const { store, job } = await stored({ claim: 'a', claimedUntilMs: 1_000, state: 'running' });
      const cancel = { state: 'cancelled', isDue: true, endedAtMs: 77_000 } as const;
      expect(await store.change(job, cancel)).toBe(true);
      expect(await store.change(job, { ...cancel, endedAtMs: 78_000 })).toBe(false);
      expect(await store.save({ ...job, done: 5 })).toBe(false);
      const seen = await store.findAnywhere(job.id);
      expect(seen).toMatchObject({ ...cancel, done: 0, revision: 2 });
      expect(await store.save({ ...job, ...cancel, revision: 2, done: 5, isDue: false })).toBe(true);
      expect(await store.findAnywhere(job.id)).toMatchObject({ done: 5, state: 'cancelled', isDue: false });
    });

    it('gives no job to a run that has read it before a change', async () => {
      const { store, job } = await stored();
      expect(await store.change(job, { state: 'paused', isDue: true, endedAtMs: null })).toBe(true);
      expect(await store.claim(job, aClaim('a', 1_000))).toBe(false);
    });

    it('marks an order as published, but not one that was changed meanwhile', async () => {
      const { store, job, isDue } = await stored({ kind: 'replay', claim: 'a', claimedUntilMs: 1_000 });
      expect(await store.change(job, { state: 'paused', isDue: true, endedAtMs: null })).toBe(true);
      expect(await store.handedOver(job)).toBe(false);
      expect(await isDue(1_001)).toBe(true);
      expect(await store.handedOver({ ...job, revision: 2 })).toBe(true);
      expect(await isDue(1_001)).toBe(false);
      expect(await store.findAnywhere(job.id)).toMatchObject({ state: 'paused', revision: 2 });
    });

    it('saves the progress of a worker once for each offset, and nothing else', async () => {
      const { store, job } = await stored({ kind: 'replay' });
      const next: Job = {
        ...job,
        state: 'running',
        ...{ done: 4, total: 9, counts: { sent: 4 }, checkpoint: { 0: 4 } },
        ...{ pace: { atMs: 1, perSecond: 2 }, startedAtMs: 3, progressOffset: 12, requestedBy: 'no' },
      };
      expect(await store.saveProgress(job, next)).toBe(true);
      expect(await store.saveProgress(job, { ...next, done: 3 })).toBe(false);
      expect(await store.findAnywhere(job.id)).toEqual({ ...next, requestedBy: job.requestedBy });
    });

    it('counts open jobs by kind and state', async () => {
      const store = open();
      const countOf = async () =>
        (await store.countOpen()).find(({ kind, state }) => kind === 'erasure' && state === 'paused')
          ?.count ?? 0;
      const before = await countOf();
      for (const state of ['paused', 'paused', 'done'] as const) {
        await store.insert(aJob({ kind: 'erasure', state, isDue: false }));
      }
      expect((await countOf()) - before).toBe(2);
    });

    it('lists those that ended before a time, and removes them', async () => {
      const store = open();
      const workspace = aWorkspace();
      const ended = (endedAtMs: number, isDue = false) =>
        aJob({ workspaceId: workspace, state: 'cancelled', isDue, endedAtMs });
      const jobs = [
        ended(100),
        ended(200),
        ended(900),
        ended(100, true),
        aJob({ workspaceId: workspace }),
        { ...ended(100), workspaceId: aWorkspace() },
      ];
      for (const job of jobs) await store.insert(job);
      expect(await store.workspaces()).toContain(workspace);
      expect(await store.listEnded(workspace, 500, 1)).toHaveLength(1);
      const found = await store.listEnded(workspace, 500, 10);
      expect(found.map(({ id }) => id).toSorted()).toEqual([jobs[0]?.id, jobs[1]?.id].toSorted());
      await store.remove(found.map(({ id }) => id));
      expect(await store.known(jobs.map(({ id }) => id))).toEqual(new Set(jobs.slice(2).map(({ id }) => id)));
    });
  });
};

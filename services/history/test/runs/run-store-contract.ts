import { consumerId, type RunRecorded } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { type StoredRun, storedRunOf } from '../../src/runs/domain/run.ts';
import type { RunFilters, RunPosition, RunStore } from '../../src/runs/ports.ts';
import { aFailedStep, aFailure, aRun, aStep, aWorkspace } from './run-builders.ts';

const atMs = 1_790_000_000_000;

const put = async (store: RunStore, ...runs: readonly RunRecorded[]): Promise<void> =>
  store.put(runs.map(storedRunOf));

/** Tests the contract of a store of runs; `open` is called in each test. */
export const describeRunStore = (name: string, open: () => RunStore): void => {
  describe(`a store of runs: ${name}`, () => {
    it('keeps every field of the newest state, whatever order states arrive in', async () => {
      const store = open();
      const workspace = aWorkspace();
      const first = aRun({ startedAtMs: atMs }, workspace);
      const third = {
        ...first,
        ...{ sequence: 3, status: 'failed', endedAtMs: atMs + 9, recordedAtMs: atMs + 9, retries: 1 },
        ...{ steps: [aStep({ result: { 'a.b': { $set: 1 } } }), aFailedStep()], failure: aFailure },
      } satisfies RunRecorded;
      const cancelled = {
        ...{ ...third, epoch: 2, sequence: 1, status: 'cancelled', failure: null },
        cancelled: { by: 'key_1', reason: 'a test' },
      } satisfies RunRecorded;
      const versions: unknown[] = [];
      for (const state of [third, first, { ...first, sequence: 2 }, cancelled, { ...third, sequence: 9 }]) {
        await put(store, state);
        const found = await store.find(first.runId, workspace);
        versions.push([found?.epoch, found?.sequence]);
        if (state === third) expect(found).toEqual(storedRunOf(third));
      }
      expect(versions).toEqual([
        [1, 3],
        [1, 3],
        [1, 3],
        [2, 1],
        [2, 1],
      ]);
      expect(await store.find(first.runId, workspace)).toEqual(storedRunOf(cancelled));
      expect(await store.versions([first.runId])).toEqual(
        new Map([[first.runId, { epoch: 2, sequence: 1, status: 'cancelled' }]]),
      );
    });

    it('hides runs of other workspaces', async () => {
      const store = open();
      const run = aRun({}, aWorkspace());
      await put(store, run);
      expect(await store.find(run.runId, aWorkspace())).toBeNull();
      expect(await store.list({ workspaceId: aWorkspace() }, { limit: 5, after: null })).toEqual([]);
    });

    it('lists by each filter, newest first, without the steps', async () => {
      const store = open();
      const workspace = aWorkspace();
      const acme = consumerId('acme');
      const paid = aRun({ startedAtMs: atMs, steps: [aStep(), aFailedStep()] }, workspace);
      const failed = aRun({ startedAtMs: atMs + 1, status: 'failed', failure: aFailure }, workspace);
      const billed = aRun(
        { startedAtMs: atMs + 2, app: 'billing', event: { orderingKey: 'bob' } },
        workspace,
      );
      const shipped = aRun(
        { startedAtMs: atMs + 3, handler: 'order.shipped', event: { consumerId: acme } },
        workspace,
      );
      await put(store, paid, failed, billed, shipped, aRun({ startedAtMs: atMs }, aWorkspace()));
      const seen = async (filters: Partial<RunFilters>) =>
        (await store.list({ workspaceId: workspace, ...filters }, { limit: 9, after: null })).map(
          ({ runId }) => runId,
        );
      const ids = (...runs: RunRecorded[]) => runs.map(({ runId }) => runId);
      expect(await seen({})).toEqual(ids(shipped, billed, failed, paid));
      expect(await seen({ statuses: ['failed'] })).toEqual(ids(failed));
      expect(await seen({ statuses: ['running', 'failed'] })).toEqual(ids(shipped, billed, failed, paid));
      expect(await seen({ reason: 'step-failed' })).toEqual(ids(failed));
      expect(await seen({ reason: 'unknown-step' })).toEqual([]);
      expect(await seen({ step: 'make-invoice' })).toEqual(ids(failed));
      expect(await seen({ step: 'mark-paid' })).toEqual([]);
      expect(await seen({ orderingKey: 'bob' })).toEqual(ids(billed));
      expect(await seen({ app: 'billing' })).toEqual(ids(billed));
      expect(await seen({ handler: 'order.shipped' })).toEqual(ids(shipped));
      expect(await seen({ eventId: paid.event.id })).toEqual(ids(paid));
      expect(await seen({ consumerId: acme })).toEqual(ids(shipped));
      expect(await seen({ startedAfterMs: atMs, startedBeforeMs: atMs + 3 })).toEqual(ids(billed, failed));
      expect(await store.count({ workspaceId: workspace, app: 'shop' })).toBe(3);
      const [summary] = await store.list(
        { workspaceId: workspace, eventId: paid.event.id },
        { limit: 1, after: null },
      );
      expect(summary).toMatchObject({ stepCounts: { waiting: 0, succeeded: 1, failed: 1, undone: 0 } });
      expect(summary).not.toHaveProperty('steps');
    });

    it('pages through all of them while more start and others change', async () => {
      const store = open();
      const workspace = aWorkspace();
      const runs = Array.from({ length: 13 }, (_, n) =>
        aRun({ startedAtMs: atMs + Math.floor(n / 3) }, workspace),
      );
      await put(store, ...runs);
      const seen: string[] = [];
      for (let after: RunPosition | null = null; ; ) {
        const page = await store.list(
          { workspaceId: workspace, startedBeforeMs: atMs + 60 },
          { limit: 4, after },
        );
        seen.push(...page.map(({ runId }) => runId));
        await put(store, aRun({ startedAtMs: atMs + 50 }, workspace));
        await put(store, ...runs.map((run) => ({ ...run, sequence: 2 + seen.length })));
        const last = page.at(-1);
        if (page.length < 4 || last === undefined) break;
        after = { startedAtMs: last.startedAtMs, id: last.runId };
      }
      expect(seen.toSorted()).toEqual(runs.map(({ runId }) => runId).toSorted());
    });

    it('pages from the oldest to the newest', async () => {
      const store = open();
      const workspace = aWorkspace();
      const runs = Array.from({ length: 7 }, (_, n) =>
        aRun({ startedAtMs: atMs + Math.floor(n / 3) }, workspace),
      );
      await put(store, ...runs);
      const seen: { startedAtMs: number; runId: string }[] = [];
      for (let after: RunPosition | null = null; ; ) {
        const page = { limit: 2, after, isOldestFirst: true };
        const found = await store.list({ workspaceId: workspace }, page);
        seen.push(...found.map(({ startedAtMs, runId }) => ({ startedAtMs, runId })));
        const last = found.at(-1);
        if (last === undefined) break;
        after = { startedAtMs: last.startedAtMs, id: last.runId };
      }
      expect(seen).toEqual(
        seen.toSorted((a, b) => a.startedAtMs - b.startedAtMs || (a.runId < b.runId ? -1 : 1)),
      );
      expect(new Set(seen.map(({ runId }) => runId)).size).toBe(7);
    });

    it('erases results, errors and keys once, in lists too', async () => {
      const store = open();
      const workspace = aWorkspace();
      const run = aRun({ status: 'failed', steps: [aStep(), aFailedStep()], failure: aFailure }, workspace);
      await put(store, run);
      expect(await store.erase([run.runId])).toBe(1);
      expect(await store.erase([run.runId])).toBe(0);
      const found = await store.find(run.runId, workspace);
      expect(found).toMatchObject({ isErased: true, steps: [{ result: null }, { status: 'failed' }] });
      const listed = await store.list({ workspaceId: workspace }, { limit: 1, after: null });
      expect(listed).toMatchObject([{ isErased: true, failure: { reason: 'step-failed' } }]);
      expect(JSON.stringify([found, listed])).not.toContain('alice');
    });

    it('removes what has not changed since a time, up to a limit', async () => {
      const store = open();
      const workspace = aWorkspace();
      const runs = Array.from({ length: 5 }, (_, n) => aRun({ startedAtMs: atMs + n }, workspace));
      await put(store, ...runs, { ...(runs[0] as RunRecorded), sequence: 2, recordedAtMs: atMs + 90 });
      expect(await store.workspaces()).toContain(workspace);
      expect(await store.purge(workspace, atMs + 4, 2)).toBe(2);
      expect(await store.purge(workspace, atMs + 4, 9)).toBe(1);
      const left: readonly Pick<StoredRun, 'runId'>[] = await store.list(
        { workspaceId: workspace },
        { limit: 9, after: null },
      );
      expect(left.map(({ runId }) => runId)).toEqual([runs[4]?.runId, runs[0]?.runId]);
    });
  });
};

import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { aContext } from '../../test/a-context.ts';
import { openInMemoryRegistry } from '../../test/memory/in-memory-registry.ts';
import type { Documents } from '../registry/documents.ts';
import type { Versioned } from '../registry/domain/versioned.ts';
import type { MaintenanceTask, TaskState } from './create-maintenance-task.ts';
import { startMaintenance } from './start-maintenance.ts';

describe('the comparison of registry and topics', () => {
  const start = async (tasks: readonly MaintenanceTask[] = []) => {
    const context = aContext();
    onTestFinished(async () => context.resources.close(1_000));
    const registry = await openInMemoryRegistry();
    const listAll = vi.spyOn(registry.store, 'listAll');
    const maintenance = startMaintenance(context, [registry as unknown as Documents<Versioned>], tasks);
    return { maintenance, listAll };
  };

  it('begins when the registry is available, if the topics were read before', async () => {
    const { maintenance, listAll } = await start();
    maintenance.onTopicsRead();
    expect(listAll).not.toHaveBeenCalled();
    maintenance.onRegistryUp();
    expect(listAll).toHaveBeenCalled();
  });

  it('begins when the topics have been read, if the registry was available before', async () => {
    const { maintenance, listAll } = await start();
    maintenance.onRegistryUp();
    const before = listAll.mock.calls.length;
    maintenance.onTopicsRead();
    expect(listAll.mock.calls.length).toBeGreaterThan(before);
  });

  it('runs a task that needs the topics again once they have been read', async () => {
    const seen: boolean[] = [];
    const run = async ({ areTopicsRead }: TaskState) => seen.push(areTopicsRead);
    const task = { name: 'bootstrap', everyMs: 60_000, needsTopics: true, run };
    const { maintenance } = await start([task, { ...task, name: 'other', needsTopics: false }]);
    maintenance.onRegistryUp();
    await vi.waitFor(() => expect(seen).toEqual([false, false]));
    maintenance.onTopicsRead();
    await vi.waitFor(() => expect(seen).toEqual([false, false, true]));
  });
});

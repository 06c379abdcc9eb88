import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { aContext } from '../../test/a-context.ts';
import { openInMemoryRegistry } from '../../test/memory/in-memory-registry.ts';
import type { Documents } from '../registry/documents.ts';
import type { Versioned } from '../registry/domain/versioned.ts';
import { startMaintenance } from './start-maintenance.ts';

describe('the comparison of registry and topics', () => {
  const start = async () => {
    const context = aContext();
    onTestFinished(async () => context.resources.close(1_000));
    const registry = await openInMemoryRegistry();
    const listAll = vi.spyOn(registry.store, 'listAll');
    const maintenance = startMaintenance(context, [registry as unknown as Documents<Versioned>], []);
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
});

import { expect, it } from 'vitest';
import { aSecret, aSubscription } from '../../test/a-subscription.ts';
import { openInMemoryRegistry, publishedOn } from '../../test/memory/in-memory-registry.ts';
import { withoutExpiredSecrets, withSecrets } from './domain/subscription.ts';
import { endSecrets } from './end-secrets.ts';

it('removes a secret from registry and topic after its overlap, not before', async () => {
  const registry = await openInMemoryRegistry();
  const { store, clock, bus } = registry;
  const old = aSecret({ id: 'old', expiresAtMs: clock.nowMs() + 600_000 });
  const rotated = withSecrets(aSubscription(), [aSecret({ id: 'new' }), old], clock.nowMs());
  await store.insert(rotated);
  await store.insert(aSubscription());
  await clock.advance(599_999);
  expect(await endSecrets(registry, withoutExpiredSecrets)).toBe(0);
  await clock.advance(1);
  expect(await endSecrets(registry, withoutExpiredSecrets)).toBe(1);
  expect(publishedOn(bus)).toMatchObject([{ id: rotated.id, version: 3, secrets: [{ id: 'new' }] }]);
  expect(await store.findAnywhere(rotated.id)).toMatchObject({ version: 3, secrets: [{ id: 'new' }] });
  expect(await endSecrets(registry, withoutExpiredSecrets)).toBe(0);
});

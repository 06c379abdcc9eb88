import { keyRing, seal } from '@tidings/runtime';
import { expect, it } from 'vitest';
import { aSubscription } from '../../../test/a-subscription.ts';
import { openInMemoryKinds } from '../../../test/memory/in-memory-kinds.ts';
import { aKeyRing } from '../../../test/memory/in-memory-registry.ts';
import { renderReport } from '../../maintenance/command-report.ts';
import { documentKinds } from '../../maintenance/document-kinds.ts';
import { resealDocuments } from './reseal-documents.ts';

it('a dry run names the documents whose seals do not open, and changes nothing', async () => {
  const documents = (await openInMemoryKinds()).of('subscription');
  const [known] = documentKinds.filter(({ kind }) => kind.name === 'subscription');
  if (known === undefined) throw new Error('there is no kind subscription');
  const ring = keyRing(aKeyRing());
  // The same name for another key.
  const lost = keyRing(aKeyRing());
  const sealedBy = (by: typeof ring) => {
    const one = aSubscription({});
    return known.withSeals(one, (_, field) => seal(by, 'a secret', [one.workspaceId, one.id, field]));
  };
  const [kept, broken] = [sealedBy(ring), sealedBy(lost)];
  for (const one of [kept, broken]) await documents.store.insert(one);
  const parts = { ...documents, ring, withSeals: known.withSeals, onProgress: () => {} };
  const found = await resealDocuments(parts, { isDryRun: true });
  expect(found).toMatchObject({ documents: 2, resealed: 0, failed: [broken.id] });
  const report = renderReport({ resealed: { primaryKey: 'k1', isDryRun: true, kinds: [found] } });
  expect(report.isOk).toBe(false);
  expect(report.text).toContain(`${broken.id} does not open`);
  expect(await documents.store.findAnywhere(broken.id)).toEqual(broken);
});

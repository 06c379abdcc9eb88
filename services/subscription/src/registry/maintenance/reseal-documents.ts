import { AppError, type KeyRing, seal, sealingKeyId, unseal } from '@tidings/runtime';
import { ourselves } from '../domain/audit-entry.ts';
import { nextVersion, type Versioned } from '../domain/versioned.ts';
import { type WriteParts, writeVersion } from '../write-version.ts';
import { pagesOf } from './sweep-unpublished.ts';

/** Gives another sealed value for one, given the field that it is sealed for. */
export type ReplaceSeal = (sealed: string, field: string) => string;

/** The same entity with every sealed value of it put through `replace`; the very same object when none has changed. */
export type WithSeals<T> = (entity: T, replace: ReplaceSeal) => T;

/** What re-sealing works with. `onProgress` is told of each document that is done. */
export type ResealParts<T extends Versioned> = WriteParts<T> &
  Readonly<{ ring: KeyRing; withSeals: WithSeals<T>; onProgress(done: number): void }>;

/** What was found, by the id of the key that had sealed it, and what was done. `failed`: ids with a seal that does not open. */
export type Resealed = Readonly<{
  kind: string;
  documents: number;
  resealed: number;
  sealsByKey: Readonly<Record<string, number>>;
  failed: readonly string[];
}>;

/**
 * Seals with the primary key whatever another key has sealed, a document at a time, as a version like any other: by
 * compare-and-set, audited and published. Can be broken off and begun again: what is done is passed over.
 */
export async function resealDocuments<T extends Versioned>(
  parts: ResealParts<T>,
  { isDryRun }: Readonly<{ isDryRun: boolean }>,
): Promise<Resealed> {
  const { kind, store, clock, ring, withSeals } = parts;
  const sealsByKey: Record<string, number> = {};
  const failed: string[] = [];
  let documents = 0;
  let resealed = 0;
  for await (const page of pagesOf(async (request) => store.listAll(request))) {
    for (const entity of page) {
      documents += 1;
      let isDue = false;
      withSeals(entity, (sealed) => {
        const keyId = sealingKeyId(sealed);
        sealsByKey[keyId] = (sealsByKey[keyId] ?? 0) + 1;
        isDue ||= keyId !== ring.primaryId;
        return sealed;
      });
      if (isDue && !isDryRun) {
        if (await reseal(entity)) resealed += 1;
        else failed.push(entity.id);
      }
      parts.onProgress(documents);
    }
  }
  return { kind: kind.name, documents, resealed, sealsByKey, failed };

  async function reseal({ id, workspaceId }: T): Promise<boolean> {
    const target = { scope: { workspaceId, consumerId: null }, id, ifMatch: null, by: ourselves };
    const replace: ReplaceSeal = (sealed, field) => {
      if (sealingKeyId(sealed) === ring.primaryId) return sealed;
      const associated = [workspaceId, id, field];
      return seal(ring, unseal(ring, sealed, associated), associated);
    };
    try {
      await writeVersion(parts, target, {
        operation: 'resealed',
        change: (current) => {
          const changed = withSeals(current, replace);
          return changed === current ? current : nextVersion(current, changed, clock.nowMs());
        },
      });
      return true;
    } catch (error) {
      // Deleted meanwhile: its seals are gone with it.
      if (error instanceof AppError && error.code === 'not-found') return true;
      if (error instanceof AppError && error.code === 'seal-broken') return false;
      throw error;
    }
  }
}

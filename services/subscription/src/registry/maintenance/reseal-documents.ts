import { AppError, type KeyRing, seal, sealingKeyId, unseal } from '@tidings/runtime';
import { systemActor } from '../domain/audit-entry.ts';
import { nextVersion, type Versioned } from '../domain/versioned.ts';
import { type WriteParts, writeVersion } from '../write-version.ts';
import { pagesOf } from './sweep-unpublished.ts';

/** Returns a replacement for a sealed value, given the field for which it is sealed. */
export type ReplaceSeal = (sealed: string, field: string) => string;

/** Returns the entity with every sealed value replaced by `replace`, or the same object if nothing changes. */
export type WithSeals<T> = (entity: T, replace: ReplaceSeal) => T;

/** Dependencies of re-sealing. `onProgress` is called after each document. */
export type ResealParts<T extends Versioned> = WriteParts<T> &
  Readonly<{ ring: KeyRing; withSeals: WithSeals<T>; onProgress(done: number): void }>;

/** Result of re-sealing. `sealsByKey`: seals found per sealing key. `failed`: ids with a seal that does not open, in a dry run too. */
export type Resealed = Readonly<{
  kind: string;
  documents: number;
  resealed: number;
  sealsByKey: Readonly<Record<string, number>>;
  failed: readonly string[];
}>;

/**
 * Seals every value again that is not sealed with the primary key, one document at a time. Each change is a regular
 * version: written by compare-and-set, audited and published. The command can be interrupted and restarted: finished
 * documents are skipped. A dry run tries to open every seal, and changes nothing.
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
      if (isDryRun) {
        if (!opens(entity)) failed.push(entity.id);
      } else if (isDue) {
        if (await reseal(entity)) resealed += 1;
        else failed.push(entity.id);
      }
      parts.onProgress(documents);
    }
  }
  return { kind: kind.name, documents, resealed, sealsByKey, failed };

  function opens(entity: T): boolean {
    const { id, workspaceId } = entity;
    try {
      withSeals(entity, (sealed, field) => {
        unseal(ring, sealed, [workspaceId, id, field]);
        return sealed;
      });
      return true;
    } catch (error) {
      if (error instanceof AppError && error.code === 'seal-broken') return false;
      throw error;
    }
  }

  async function reseal({ id, workspaceId }: T): Promise<boolean> {
    const target = { scope: { workspaceId, consumerId: null }, id, ifMatch: null, by: systemActor };
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
      // Deleted in the meantime, together with its seals.
      if (error instanceof AppError && error.code === 'not-found') return true;
      if (error instanceof AppError && error.code === 'seal-broken') return false;
      throw error;
    }
  }
}

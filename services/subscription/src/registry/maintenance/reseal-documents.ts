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

/** Returns the id of the key of each seal of a document. */
function keysOf<T extends Versioned>({ withSeals }: Pick<ResealParts<T>, 'withSeals'>, entity: T): string[] {
  const keyIds: string[] = [];
  withSeals(entity, (sealed) => {
    keyIds.push(sealingKeyId(sealed));
    return sealed;
  });
  return keyIds;
}

/** Returns true if the ring opens every seal of a document. */
function opens<T extends Versioned>(
  { ring, withSeals }: Pick<ResealParts<T>, 'ring' | 'withSeals'>,
  entity: T,
): boolean {
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
      const keyIds = keysOf(parts, entity);
      for (const keyId of keyIds) sealsByKey[keyId] = (sealsByKey[keyId] ?? 0) + 1;
      const isDue = keyIds.some((keyId) => keyId !== ring.primaryId);
      if (isDryRun) {
        if (!opens(parts, entity)) failed.push(entity.id);
      } else if (isDue) {
        if (await reseal(entity)) resealed += 1;
        else failed.push(entity.id);
      }
      parts.onProgress(documents);
    }
  }
  return { kind: kind.name, documents, resealed, sealsByKey, failed };

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

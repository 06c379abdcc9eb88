import type { Documents } from '../documents.ts';
import { systemActor } from '../domain/audit-entry.ts';
import { raisedAbove, type Versioned } from '../domain/versioned.ts';
import type { Copies, UnreadableCopy } from '../ports.ts';
import { withAudit } from '../write-audit.ts';
import { pagesOf } from './sweep-unpublished.ts';

/** Dependencies of restoring one kind. */
export type RestoreParts<T extends Versioned> = Pick<Documents<T>, 'kind' | 'store' | 'topicVersions'> &
  Readonly<{ copies: Copies<T> }>;

/** A document of the database that is not its copy. `uncopied`: it has no copy. */
export type Differing = Readonly<{ id: string; how: 'older' | 'newer' | 'other' | 'uncopied' }>;

/** A record of the topic of a kind whose document has no copy of that version, so that it cannot be restored. */
export type Uncopied = Readonly<{ id: string; version: number; copyVersion: number | null }>;

/** Plan of a restore of one kind. Nothing is restored that is not in `missing`, `older` or `outdated`. */
export type RestorePlan<T extends Versioned> = Readonly<{
  kind: string;
  /** Documents that the database has as they were copied. */
  equal: number;
  missing: readonly T[];
  /** Copies of the documents that differ because they are older. */
  older: readonly Readonly<{ copy: T; version: number }>[];
  differing: readonly Differing[];
  uncopied: readonly Uncopied[];
  /** The newest copies of those of `uncopied` that have one and are not in the database. `above`: version that readers hold. */
  outdated: readonly Readonly<{ copy: T; above: number }>[];
  unreadable: readonly UnreadableCopy[];
}>;

/** Returns the records of documents that have no copy of the version that readers hold. */
function uncopiedOf<T extends Versioned>({ topicVersions, copies }: RestoreParts<T>): readonly Uncopied[] {
  return [...topicVersions.keys()].flatMap((id) => {
    const version = topicVersions.newestVersionOf(id);
    const copyVersion = copies.documents.get(id)?.version ?? null;
    if (copyVersion !== null && copyVersion >= version) return [];
    return [{ id, version, copyVersion }];
  });
}

/** Compares the copies of a kind with the database; changes nothing. */
export async function planRestore<T extends Versioned>(parts: RestoreParts<T>): Promise<RestorePlan<T>> {
  const { kind, store, copies } = parts;
  // Readers hold a newer version: taking the copy for the current one would set them back.
  const outdated = new Map(uncopiedOf(parts).map((one) => [one.id, one]));
  const found = new Set<string>();
  const differing: Differing[] = [];
  const older: { copy: T; version: number }[] = [];
  for await (const page of pagesOf(async (request) => store.listAll(request))) {
    for (const entity of page) {
      const { id, version } = entity;
      found.add(id);
      const copy = copies.documents.get(id);
      const how = differenceFrom(copy);
      if (version >= (outdated.get(id)?.version ?? Infinity)) outdated.delete(id);
      if (how !== null) differing.push({ id, how });
      if (how === 'older' && copy !== undefined && !outdated.has(id)) older.push({ copy, version });

      function differenceFrom(one: T | undefined): Differing['how'] | null {
        // It is about to be published, as after a restore that was interrupted.
        if (entity.isUnpublished && version > (one?.version ?? 0)) return null;
        if (one === undefined) return 'uncopied';
        if (one.version !== version) return one.version > version ? 'older' : 'newer';
        return kind.copyDigest(entity) === kind.copyDigest(one) ? null : 'other';
      }
    }
  }
  const missing = [...copies.documents.values()].filter(({ id }) => !found.has(id) && !outdated.has(id));
  // What readers hold as deleted is left to them: its last copy would bring it back.
  const uncopied = [...outdated.values()].filter(({ id }) => !parts.topicVersions.isDeleted(id));
  const lost = uncopied.flatMap(({ id, version: above }) => {
    const copy = found.has(id) ? undefined : copies.documents.get(id);
    return copy === undefined ? [] : [{ copy, above }];
  });
  return {
    ...{ kind: kind.name, equal: found.size - differing.length, missing, older, differing },
    ...{ uncopied, outdated: lost, unreadable: copies.unreadable },
  };
}

/**
 * A copy to store. `replaced`: version in the database that it replaces, null if there is none. `above`: null, or a version
 * that readers hold and of which there is no copy.
 */
export type RestoredCopy<T extends Versioned> = Readonly<{
  copy: T;
  replaced: number | null;
  above: number | null;
}>;

/**
 * Stores a copy as the current version of its document, under its own version: later writes continue from it. It is marked
 * as unpublished only where the topic of its kind does not have it. Where readers hold a newer version, it gets one above
 * that, which is a change of its own. Returns false if the document is there or has changed meanwhile.
 */
export async function restoreDocument<T extends Versioned>(
  parts: Pick<Documents<T>, 'kind' | 'store' | 'topicVersions' | 'audit' | 'clock'>,
  { copy, replaced, above }: RestoredCopy<T>,
): Promise<boolean> {
  const { store, topicVersions, clock } = parts;
  const isUnpublished = topicVersions.lastOf(copy.id)?.version !== copy.version;
  const entity = above === null ? { ...copy, isUnpublished } : await raised(above);
  return replaced === null ? store.insert(entity) : store.replace(entity, replaced);

  async function raised(version: number): Promise<T> {
    const next = raisedAbove(copy, version, clock.nowMs());
    return withAudit(parts, { operation: 'raised', by: systemActor, current: copy, next });
  }
}

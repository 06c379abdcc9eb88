import { workspaceKind } from '../access/workspace-kind.ts';
import type { CopiesReader } from '../registry/adapters/read-copies.ts';
import type { Documents } from '../registry/documents.ts';
import type { Versioned } from '../registry/domain/versioned.ts';
import {
  planRestore,
  type RestoredCopy,
  type RestorePlan,
  restoreDocument,
} from '../registry/maintenance/restore-documents.ts';
import type { UnreadableCopy } from '../registry/ports.ts';
import { forEachConcurrently } from './for-each-concurrently.ts';
import type { AuditRestored } from './restore-audit.ts';

/**
 * Ways to treat a registry that is not empty. all: nothing, if a document differs from its copy. missing-only: what is
 * missing is added. replace-older: besides, documents that are older than their copies are replaced by them.
 */
export type RestoreMode = 'all' | 'missing-only' | 'replace-older';

/**
 * Options of a restore. `withOutdated`: documents are restored as well whose newest copy is older than what readers hold. The
 * changes between the two are lost, in force as well.
 */
export type RestoreOptions = Readonly<{ mode: RestoreMode; isDryRun: boolean; withOutdated: boolean }>;

/** Dependencies of {@link restoreRegistry}. `onProgress`: called after each document. */
export type RestoreRegistryParts = Readonly<{
  kinds: readonly Documents<Versioned>[];
  copies: CopiesReader;
  restoreAudit(options: Readonly<{ isDryRun: boolean }>): Promise<AuditRestored>;
  onProgress(done: number, total: number): void;
}>;

/**
 * Numbers of documents that were stored, in a dry run of those that would be. `setBack`: from copies older than what readers
 * hold. `refused`: ids that the database has meanwhile, or in a form that this release cannot read.
 */
type Counts = Readonly<{ restored: number; replaced: number; setBack: number; refused: readonly string[] }>;

/** Result for one kind. `missing`: documents that are still missing because the restore was refused. */
export type KindRestored = Omit<RestorePlan<Versioned>, 'missing' | 'older' | 'outdated'> &
  Counts &
  Readonly<{ missing: number }>;

/** Result of a restore. `isRefused`: nothing was changed, because documents differ from their copies. */
export type RegistryRestored = Readonly<{
  isDryRun: boolean;
  isRefused: boolean;
  kinds: readonly KindRestored[];
  /** Copies of no kind that this release knows. */
  unknown: readonly UnreadableCopy[];
  audit: AuditRestored | null;
}>;

type Planned = Readonly<{ documents: Documents<Versioned>; plan: RestorePlan<Versioned> }>;

const concurrentWrites = 8;

// A running service takes the database for lost until it has the workspace: it changes nothing before all else is there.
const inOrder = (kinds: readonly Documents<Versioned>[]): readonly Documents<Versioned>[] => [
  ...kinds.filter(({ kind }) => kind.name !== workspaceKind.name),
  ...kinds.filter(({ kind }) => kind.name === workspaceKind.name),
];

/**
 * Stores what the database of the registry has lost, from the copies on `tidings.registry`. It may be interrupted and
 * repeated: what is there already is equal to its copy and left as it is.
 */
export async function restoreRegistry(
  { kinds, copies, restoreAudit, onProgress }: RestoreRegistryParts,
  { mode, isDryRun, withOutdated }: RestoreOptions,
): Promise<RegistryRestored> {
  const planned: Planned[] = [];
  for (const documents of inOrder(kinds)) {
    const plan = await planRestore({ ...documents, copies: copies.of(documents.kind) });
    planned.push({ documents, plan });
  }
  const isRefused = mode === 'all' && planned.some(({ plan }) => plan.differing.length > 0);
  const works = planned.map(({ documents, plan }) => ({
    ...{ documents, plan },
    writes: [
      ...plan.missing.map((copy) => ({ copy, replaced: null, above: null })),
      ...(mode === 'replace-older'
        ? plan.older.map(({ copy, version }) => ({ copy, replaced: version, above: null }))
        : []),
      ...(withOutdated ? plan.outdated.map((one) => ({ ...one, replaced: null })) : []),
    ],
  }));
  const total = works.reduce((sum, { writes }) => sum + writes.length, 0);
  const results: KindRestored[] = [];
  let done = 0;
  const onWritten = (): void => {
    done += 1;
    if (!isDryRun) onProgress(done, total);
  };
  for (const { documents, plan, writes } of works) {
    const { missing, older: _, outdated, ...found } = plan;
    const counts = await carryOut({ documents, writes: isRefused ? [] : writes, isDryRun, onWritten });
    const setBack = new Set(isRefused || !withOutdated ? [] : outdated.map(({ copy }) => copy.id));
    const uncopied = found.uncopied.filter(({ id }) => !setBack.has(id));
    results.push({ ...found, ...counts, uncopied, missing: isRefused ? missing.length : 0 });
  }
  const audit = isRefused ? null : await restoreAudit({ isDryRun });
  return { isDryRun, isRefused, kinds: results, unknown: copies.unknown, audit };
}

type Work = Readonly<{
  documents: Documents<Versioned>;
  writes: readonly RestoredCopy<Versioned>[];
  isDryRun: boolean;
  onWritten(): void;
}>;

const countOf = ({ replaced, above }: RestoredCopy<Versioned>) => {
  if (above !== null) return 'setBack';
  return replaced === null ? 'restored' : 'replaced';
};

/** Writes the documents of one kind and returns how many. After a failure it begins no further write, and throws. */
async function carryOut({ documents, writes, isDryRun, onWritten }: Work): Promise<Counts> {
  const counts = { restored: 0, replaced: 0, setBack: 0 };
  const refused: string[] = [];
  const failures: unknown[] = [];
  await forEachConcurrently(concurrentWrites, writes, async (write) => {
    if (failures.length > 0) return;
    try {
      if (isDryRun || (await restoreDocument(documents, write))) counts[countOf(write)] += 1;
      else refused.push(write.copy.id);
      onWritten();
    } catch (error) {
      failures.push(error);
    }
  });
  if (failures.length > 0) throw failures[0];
  return { ...counts, refused };
}

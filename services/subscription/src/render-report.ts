import type { Resealed } from './registry/reseal-documents.ts';
import type { Verified } from './registry/verify-documents.ts';

/** What a command has found. */
export type Outcome =
  | Readonly<{ verified: readonly Verified[] }>
  | Readonly<{
      resealed: Readonly<{ primaryKey: string; isDryRun: boolean; kinds: readonly Resealed[] }>;
    }>;

/** The lines for a terminal, and whether there is nothing to be done. */
export type Report = Readonly<{ text: string; isWell: boolean }>;

const maxListed = 50;

function verifiedLines({ kind, documents, records, disagreements }: Verified): string[] {
  const head = `${kind}: ${documents} documents, ${records} records, ${disagreements.length} differ`;
  const listed = disagreements.slice(0, maxListed).map(({ id, how }) => `  ${id} ${how}`);
  const more = disagreements.length - listed.length;
  return [head, ...listed, ...(more > 0 ? [`  and ${more} more`] : [])];
}

function resealedLines(primaryKey: string, { kind, documents, ...found }: Resealed): string[] {
  const keys = Object.entries(found.sealsByKey).map(
    ([keyId, count]) => `  sealed with '${keyId}': ${count}${keyId === primaryKey ? ' (primary)' : ''}`,
  );
  const failed = found.failed.map((id) => `  ${id} does not open: its key is not in the ring`);
  return [`${kind}: ${documents} documents, ${found.resealed} re-sealed`, ...keys, ...failed];
}

/** Renders what a command has found. Counts of keys are as they were found, before anything was re-sealed. */
export function renderReport(outcome: Outcome): Report {
  if ('verified' in outcome) {
    const lines = outcome.verified.flatMap(verifiedLines);
    const isWell = outcome.verified.every(({ disagreements }) => disagreements.length === 0);
    return { text: `${lines.join('\n')}\n`, isWell };
  }
  const { primaryKey, isDryRun, kinds } = outcome.resealed;
  const head = isDryRun ? ['dry run: nothing is changed'] : [];
  const lines = [...head, ...kinds.flatMap((kind) => resealedLines(primaryKey, kind))];
  return { text: `${lines.join('\n')}\n`, isWell: kinds.every(({ failed }) => failed.length === 0) };
}

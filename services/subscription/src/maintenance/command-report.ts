import type { Resealed } from '../registry/maintenance/reseal-documents.ts';
import type { Verified } from '../registry/maintenance/verify-documents.ts';
import type { RegistryRestored } from './restore-registry.ts';
import { listed, type Report, restoredReport } from './restore-report.ts';
import { type TokenKeysOutcome, tokenKeysReport } from './token-keys-report.ts';

/** Result of a command. */
export type Outcome =
  | Readonly<{ verified: readonly Verified[] }>
  | Readonly<{
      resealed: Readonly<{ primaryKey: string; isDryRun: boolean; kinds: readonly Resealed[] }>;
    }>
  | Readonly<{ restored: RegistryRestored }>
  | Readonly<{ tokenKeys: TokenKeysOutcome }>;

function verifiedLines({ kind, documents, records, disagreements }: Verified): string[] {
  const head = `${kind}: ${documents} documents, ${records} records, ${disagreements.length} differ`;
  const lines = disagreements.map(
    ({ id, how, isOfCopy = false }) => `${id} ${how}${isOfCopy ? ' (its copy)' : ''}`,
  );
  return [head, ...listed(lines)];
}

function resealedLines(primaryKey: string, { kind, documents, ...found }: Resealed): string[] {
  const keys = Object.entries(found.sealsByKey).map(
    ([keyId, count]) => `  sealed with '${keyId}': ${count}${keyId === primaryKey ? ' (primary)' : ''}`,
  );
  const failed = found.failed.map((id) => `  ${id} does not open: its key is not in the ring`);
  return [`${kind}: ${documents} documents, ${found.resealed} re-sealed`, ...keys, ...failed];
}

/** Renders the result of a command. Key counts are those from before re-sealing. */
export function renderReport(outcome: Outcome): Report {
  if ('verified' in outcome) {
    const lines = outcome.verified.flatMap(verifiedLines);
    const isOk = outcome.verified.every(({ disagreements }) => disagreements.length === 0);
    return { text: `${lines.join('\n')}\n`, isOk };
  }
  if ('restored' in outcome) return restoredReport(outcome.restored);
  if ('tokenKeys' in outcome) return tokenKeysReport(outcome.tokenKeys);
  const { primaryKey, isDryRun, kinds } = outcome.resealed;
  const head = isDryRun ? ['dry run: nothing is changed'] : [];
  const lines = [...head, ...kinds.flatMap((kind) => resealedLines(primaryKey, kind))];
  return { text: `${lines.join('\n')}\n`, isOk: kinds.every(({ failed }) => failed.length === 0) };
}

import type { SealedSecret } from '@tidings/contracts';
import { systemActor } from '../registry/domain/audit-entry.ts';
import type { Versioned } from '../registry/domain/versioned.ts';
import { pagesOf } from '../registry/maintenance/sweep-unpublished.ts';
import type { DocumentStore, Listed, PageRequest } from '../registry/ports.ts';
import { type WriteParts, writeVersion } from '../registry/write-version.ts';
import { unexpired } from './domain/signing-secrets.ts';

/** A document with secrets that expire, and the field `next_secret_expiry_ms`. */
type WithSecrets = Versioned & Readonly<{ secrets: readonly SealedSecret[] }>;

/** Lists the documents with an expired secret. */
export const listWithEndedSecrets = async <T extends WithSecrets>(
  store: Pick<DocumentStore<T>, 'listAll'>,
  page: PageRequest,
  nowMs: number,
): Promise<Listed<T>> => store.listAll({ ...page, where: { upTo: { next_secret_expiry_ms: nowMs } } });

/**
 * Writes a version without the expired secrets, which `withoutExpired` returns. They are not used any more; removing them
 * from the registry and the topic prevents a leak from there. Returns the number of documents changed.
 */
export async function endSecrets<T extends WithSecrets>(
  parts: WriteParts<T>,
  withoutExpired: (current: T, nowMs: number) => T,
): Promise<number> {
  const nowMs = parts.clock.nowMs();
  let changed = 0;
  for await (const page of pagesOf(async (page) => listWithEndedSecrets(parts.store, page, nowMs))) {
    for (const { id, workspaceId } of page) {
      const scope = { workspaceId, consumerId: null };
      const target = { scope, id, ifMatch: null, by: systemActor };
      await writeVersion(parts, target, {
        operation: 'secret-ended',
        change: (current) =>
          unexpired(current.secrets, nowMs).length === current.secrets.length
            ? current
            : withoutExpired(current, nowMs),
      });
      changed += 1;
    }
  }
  return changed;
}

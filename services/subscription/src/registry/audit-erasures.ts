import type { DataErased } from '@tidings/contracts';
import { erasureKindName } from './domain/audit-entry.ts';
import type { AuditLog } from './ports.ts';
import { entryIdOf } from './write-audit.ts';

/** The dependencies of auditing erasures. */
export type AuditErasuresParts = Readonly<{
  audit: Pick<AuditLog, 'list' | 'append'>;
  erasures: Readonly<{ values(): Iterable<DataErased> }>;
}>;

const targetOf = ({ scope }: DataErased) =>
  scope.kind === 'event' ? { event_id: scope.eventId } : { consumer_id: scope.consumerId };

const append = async (audit: AuditErasuresParts['audit'], erasure: DataErased): Promise<void> => {
  const { erasureId, workspaceId, scope, requestedBy, requestedAtMs: atMs, beforeMs, reason } = erasure;
  const of = { kind: erasureKindName, entityId: erasureId };
  const everybody = { keyId: null, afterMs: undefined, beforeMs: undefined, afterId: null };
  const known = await audit.list({ workspaceId, consumerId: null }, { ...of, ...everybody, limit: 1 });
  if (known.items.length > 0) return;
  await audit.append({
    ...{
      ...of,
      id: entryIdOf({ ...of, atMs, version: 1 }, erasureId),
      atMs,
      operation: 'created',
      version: 1,
    },
    workspaceId,
    consumerId: scope.kind === 'consumer' ? scope.consumerId : null,
    actor: { keyId: requestedBy, address: null },
    before: null,
    after: { ...targetOf(erasure), accepted_before: new Date(beforeMs).toISOString(), reason },
  });
};

/**
 * Returns a task that writes an entry of the audit log for each erasure that the log has: the history service, which
 * carries them out, does not write to the registry. It may be repeated; the address of the caller is not known here.
 */
export const createAuditErasures = ({ audit, erasures }: AuditErasuresParts): (() => Promise<void>) => {
  const audited = new Set<string>();
  return async () => {
    for (const erasure of erasures.values()) {
      if (audited.has(erasure.erasureId)) continue;
      await append(audit, erasure);
      audited.add(erasure.erasureId);
    }
  };
};

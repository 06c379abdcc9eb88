import type { AuditRecorded } from '@tidings/contracts';

/** Returns an entry as the audit log of the API shows it. */
export const auditView = (entry: AuditRecorded): object => ({
  id: entry.id,
  at: new Date(entry.atMs).toISOString(),
  operation: entry.operation,
  kind: entry.kind,
  entity_id: entry.entityId,
  consumer_id: entry.consumerId,
  version: entry.version,
  actor: { key_id: entry.actor.keyId, address: entry.actor.address },
  before: entry.before,
  after: entry.after,
});

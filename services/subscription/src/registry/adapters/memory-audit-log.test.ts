import { MemoryAuditLog } from '../../../test/memory/memory-audit-log.ts';
import { describeAuditLog } from '../../../test/stores/audit-log-contract.ts';

describeAuditLog(
  'the log in memory',
  async () => new MemoryAuditLog(),
  async (log, id) => (log as MemoryAuditLog).loseEntry(id),
);

import { describeAuditLog } from '../../../test/audit-log-contract.ts';
import { MemoryAuditLog } from '../../../test/memory-audit-log.ts';

describeAuditLog(
  'the log in memory',
  async () => new MemoryAuditLog(),
  async (log, id) => (log as MemoryAuditLog).loseEntry(id),
);

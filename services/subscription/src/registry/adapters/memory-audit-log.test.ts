import { describeAuditLog } from '../../../test/audit-log-contract.ts';
import { MemoryAuditLog } from './memory-audit-log.ts';

describeAuditLog('the log in memory', async () => new MemoryAuditLog());

import { describeAuditStore } from '../../test/audit/audit-store-contract.ts';
import { createMemoryAuditStore } from '../../test/audit/memory-audit-store.ts';

describeAuditStore('the store in memory', () => createMemoryAuditStore());

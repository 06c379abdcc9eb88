import { describeAuditStore } from '../../test/audit-store-contract.ts';
import { createMemoryAuditStore } from '../../test/memory-audit-store.ts';

describeAuditStore('the store in memory', () => createMemoryAuditStore());

import { MemoryHealthStore } from '../../../test/memory/memory-health-store.ts';
import { describeHealthStore } from '../../../test/stores/health-store-contract.ts';

describeHealthStore('the memory store', async () => new MemoryHealthStore());

import { describeHealthStore } from '../../../test/health-store-contract.ts';
import { MemoryHealthStore } from '../../../test/memory-health-store.ts';

describeHealthStore('the memory store', async () => new MemoryHealthStore());

import { describeHealthStore } from '../../../test/health-store-contract.ts';
import { MemoryHealthStore } from './memory-health-store.ts';

describeHealthStore('the memory store', async () => new MemoryHealthStore());

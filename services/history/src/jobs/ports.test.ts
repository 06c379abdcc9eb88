import { describeJobStore } from '../../test/job-store-contract.ts';
import { createMemoryJobStore } from '../../test/memory-job-store.ts';

describeJobStore('in memory', createMemoryJobStore);

import { describeJobStore } from '../../test/jobs/job-store-contract.ts';
import { createMemoryJobStore } from '../../test/jobs/memory-job-store.ts';

describeJobStore('in memory', createMemoryJobStore);

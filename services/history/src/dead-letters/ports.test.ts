import { describeDeadLetterStore } from '../../test/dead-letter-store-contract.ts';
import { describeJobStore } from '../../test/job-store-contract.ts';
import { createMemoryDeadLetterStore, createMemoryJobStore } from '../../test/memory-dead-letter-stores.ts';

describeDeadLetterStore('in memory', createMemoryDeadLetterStore);
describeJobStore('in memory', createMemoryJobStore);

import { describeDeadLetterStore } from '../../test/dead-letter-store-contract.ts';
import { describeJobStore } from '../../test/job-store-contract.ts';
import { createMemoryJobStore, createMemoryLetterStore } from '../../test/memory-dead-letter-stores.ts';

describeDeadLetterStore('in memory', createMemoryLetterStore);
describeJobStore('in memory', createMemoryJobStore);

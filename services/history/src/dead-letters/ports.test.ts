import { describeDeadLetterStore } from '../../test/dead-letter-store-contract.ts';
import { createMemoryDeadLetterStore } from '../../test/memory-dead-letter-store.ts';

describeDeadLetterStore('in memory', createMemoryDeadLetterStore);

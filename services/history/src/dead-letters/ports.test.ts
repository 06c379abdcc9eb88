import { describeDeadLetterStore } from '../../test/dead-letters/dead-letter-store-contract.ts';
import { createMemoryDeadLetterStore } from '../../test/dead-letters/memory-dead-letter-store.ts';

describeDeadLetterStore('in memory', createMemoryDeadLetterStore);

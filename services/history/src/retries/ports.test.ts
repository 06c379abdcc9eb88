import { createMemoryRetryStore } from '../../test/memory-retry-store.ts';
import { describeRetryStore } from '../../test/retry-store-contract.ts';

describeRetryStore('in memory', createMemoryRetryStore);

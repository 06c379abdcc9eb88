import { createMemoryRetryStore } from '../../test/retries/memory-retry-store.ts';
import { describeRetryStore } from '../../test/retries/retry-store-contract.ts';

describeRetryStore('in memory', createMemoryRetryStore);

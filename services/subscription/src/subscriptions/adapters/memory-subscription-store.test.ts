import { describeSubscriptionStore } from '../../../test/subscription-store-contract.ts';
import { MemorySubscriptionStore } from './memory-subscription-store.ts';

describeSubscriptionStore('the memory store', async () => new MemorySubscriptionStore());

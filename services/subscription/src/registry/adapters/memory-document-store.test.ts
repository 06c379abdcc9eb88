import { MemoryDocumentStore } from '../../../test/memory-document-store.ts';
import { describeSubscriptionStore } from '../../../test/subscription-store-contract.ts';
import { subscriptionKind } from '../../subscriptions/subscription-kind.ts';

describeSubscriptionStore('the memory store', async () => new MemoryDocumentStore(subscriptionKind));

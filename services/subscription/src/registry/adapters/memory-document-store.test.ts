import { MemoryDocumentStore } from '../../../test/memory/memory-document-store.ts';
import { describeSubscriptionStore } from '../../../test/stores/subscription-store-contract.ts';
import { subscriptionKind } from '../../subscriptions/subscription-kind.ts';

describeSubscriptionStore('the memory store', async () => new MemoryDocumentStore(subscriptionKind));

import { describeSubscriptionStore } from '../../../test/subscription-store-contract.ts';
import { subscriptionKind } from '../../subscriptions/subscription-kind.ts';
import { MemoryDocumentStore } from './memory-document-store.ts';

describeSubscriptionStore('the memory store', async () => new MemoryDocumentStore(subscriptionKind));

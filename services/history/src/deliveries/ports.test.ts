import { describeDeliveryStore } from '../../test/delivery-store-contract.ts';
import { createMemoryDeliveryStore } from '../../test/memory-delivery-store.ts';

describeDeliveryStore('in memory', createMemoryDeliveryStore);

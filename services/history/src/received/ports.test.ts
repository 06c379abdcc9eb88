import { createMemoryReceivedStore } from '../../test/received/memory-received-store.ts';
import { describeReceivedStore } from '../../test/received/received-store-contract.ts';

describeReceivedStore('in memory', createMemoryReceivedStore);

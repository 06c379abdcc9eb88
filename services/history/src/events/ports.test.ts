import { describeEventStore } from '../../test/event-store-contract.ts';
import { createMemoryEventStore } from '../../test/memory-event-store.ts';

describeEventStore('in memory', createMemoryEventStore);

import { describeEventStore } from '../../test/events/event-store-contract.ts';
import { createMemoryEventStore } from '../../test/events/memory-event-store.ts';

describeEventStore('in memory', createMemoryEventStore);

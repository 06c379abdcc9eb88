import { createMemoryRunStore } from '../../test/runs/memory-run-store.ts';
import { describeRunStore } from '../../test/runs/run-store-contract.ts';

describeRunStore('in memory', createMemoryRunStore);

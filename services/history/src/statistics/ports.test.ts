import { createMemoryStatisticsStore } from '../../test/memory-statistics-store.ts';
import { describeStatisticsStore } from '../../test/statistics-store-contract.ts';

describeStatisticsStore('in memory', createMemoryStatisticsStore);

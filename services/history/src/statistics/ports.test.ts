import { createMemoryStatisticsStore } from '../../test/statistics/memory-statistics-store.ts';
import { describeStatisticsStore } from '../../test/statistics/statistics-store-contract.ts';

describeStatisticsStore('in memory', createMemoryStatisticsStore);

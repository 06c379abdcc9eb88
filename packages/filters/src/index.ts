export { checkFilter, type FilterCheck } from './check-filter.ts';
export { compileFilter, FilterError, type FilterErrorCode, type MatchesData } from './compile-filter.ts';
export { explainFilter, type FailedCondition, type FilterExplanation } from './explain-filter.ts';
export { filterLimits } from './filter-limits.ts';
export { filterOperators } from './filter-schema.ts';
export { type FilterCondition, listConditions } from './list-conditions.ts';

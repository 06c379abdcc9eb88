import { defineFilters, oneOf } from '../../parts/list/filters.ts';

export const jobKinds = [
  ...(['redrive', 'discard', 'retry', 'replay', 'export', 'erasure'] as const),
  ...(['run_retry', 'run_cancel'] as const),
] as const;
export const jobStates = ['queued', 'running', 'paused', 'done', 'cancelled', 'failed'] as const;

/** The search parameters of the list: the API's own. */
export const jobFilters = defineFilters({ kind: oneOf(jobKinds), state: oneOf(jobStates) });

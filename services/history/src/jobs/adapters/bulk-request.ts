import { refused } from '@tidings/runtime';
import { dryRunSchema, jobSchema } from './job-schemas.ts';

/** A selection in the body of a request over many. Exactly one of the two is given. */
export type Selection<Filter> = Readonly<{ filter?: Filter; all?: true }>;

/** Returns the filter of a selection, an empty one for all. Throws AppError `unprocessable` for both or none. */
export const filterOf = <Filter extends object>({ filter, all }: Selection<Filter>): Partial<Filter> => {
  if ((filter === undefined) === (all === undefined))
    throw refused([{ pointer: '/filter', detail: 'is required, unless "all" is true' }]);
  return filter ?? {};
};

/** The responses to a request over many: it counts, or starts a job. */
export const bulkResponses = {
  200: { description: 'The count of a dry run.', schema: dryRunSchema },
  202: { description: 'The job.', schema: jobSchema, headers: ['Location'] },
} as const;

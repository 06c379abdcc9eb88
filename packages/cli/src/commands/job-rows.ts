type Job = Readonly<{
  action?: string;
  dry_run?: boolean;
  count?: number;
  outcome?: string;
  [field: string]: unknown;
}>;

const plain = ['rate_per_second', 'by', 'reason', 'created_at', 'ended_at', 'error'];

/**
 * Returns the rows that show a job over dead letters. The API's names are short: `done` counts the redriven or
 * discarded, `delivered` those that had succeeded before and were skipped, `failed` those that could not be read.
 */
export function jobRows(body: object): readonly (readonly [string, unknown])[] {
  const job = body as Job;
  // A dry run has no job, and a single discarded dead letter is shown unchanged.
  if (job['left'] === undefined) return Object.entries(job);
  return [
    ['id', job['id']],
    ['action', job.action],
    ['state', job['state']],
    [job.action === 'discard' ? 'discarded' : 'redriven', job['done']],
    ['delivered before', job['delivered']],
    ['skipped (subscription not active)', job['skipped']],
    ['could not be read', job['failed']],
    ['left', job['left']],
    ...(job.outcome === undefined ? [] : [['outcome', job.outcome] as const]),
    ...plain.map((field) => [field, job[field]] as const),
  ];
}

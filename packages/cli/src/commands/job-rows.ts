/** A job as the API returns it. `outcome`: a description of the endpoint's response if one dead letter was redriven. */
export type Job = Readonly<{
  id: string;
  kind: string;
  state: string;
  request: object;
  progress: Readonly<{
    total: number | null;
    done: number;
    percent: number | null;
    counts: Readonly<Record<string, number>>;
  }>;
  eta: string | null;
  outcome?: string;
  [field: string]: unknown;
}>;

// The names of the API are short.
const countNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  redrive: {
    delivered: 'delivered before',
    skipped: 'skipped (subscription not active)',
    failed: 'could not be read',
  },
  replay: {
    skipped: 'delivered or under way',
    disabled: 'subscription disabled',
    to_send: 'would be sent',
  },
  run_retry: {
    skipped: 'not failed any more, or failed again',
    refused: 'became too large',
    unavailable: 'application has no topic of orders',
  },
  run_cancel: { skipped: 'had ended', unavailable: 'application has no topic of orders' },
};

const plain = ['rate_per_second', 'requested_by', 'request', 'created_at', 'started_at', 'ended_at', 'error'];

const isJob = (body: object): body is Job => 'progress' in body && 'kind' in body;

/** Returns the progress of a job in words, such as `7 of 12 (58 %)`. */
export const progressText = ({ progress: { total, done, percent } }: Job): string =>
  total === null ? String(done) : `${done} of ${total} (${percent} %)`;

/** Returns the rows that show a job. Anything else, such as a dry run, is shown field by field. */
export function jobRows(body: object): readonly (readonly [string, unknown])[] {
  if (!isJob(body)) return Object.entries(body);
  const names = countNames[body.kind] ?? {};
  return [
    ['id', body.id],
    ['kind', body.kind],
    ['state', body.state],
    ['progress', progressText(body)],
    ...Object.entries(body.progress.counts).map(([name, count]) => [names[name] ?? name, count] as const),
    ...(body.outcome === undefined ? [] : [['outcome', body.outcome] as const]),
    ['expected end', body.eta],
    ...plain.map((field) => [field.replaceAll('_', ' '), body[field]] as const),
  ];
}

import { inWords, show, showRows } from '../output/show.ts';

type Attempt = Readonly<Record<string, unknown>>;
type Step = Readonly<{ name: string; attempts: readonly Attempt[]; [field: string]: unknown }>;

const columns = [
  ['STEP', 'name'],
  ['STATUS', 'status'],
  ['ATTEMPT', 'attempt'],
  ['TIME', 'started_at'],
  ['OUTCOME', 'outcome'],
  ['DURATION', (row: object) => `${inWords(Reflect.get(row, 'duration_ms'))} ms`],
  ['ERROR', 'error'],
  ['NEXT', 'retry_at'],
  ['RESULT', 'result'],
] as const;

/** Returns a row for each attempt. What is of the step is in the row of its newest attempt. */
const rowsOf = ({ attempts, name, status, retry_at, result }: Step): readonly object[] =>
  attempts.map((attempt, index) => ({
    name,
    ...attempt,
    ...(index === attempts.length - 1 ? { status, retry_at, result } : {}),
  }));

/** Formats a run as its fields and a table of the attempts of its steps. */
export function runRows(body: object): string {
  const { steps, step_counts: counts, ...fields } = body as Readonly<Record<string, unknown>>;
  const rows = showRows([...Object.entries(fields), ['steps', inWords(counts)]]);
  if (!Array.isArray(steps) || steps.length === 0) return rows;
  return [rows, '', show({ data: (steps as Step[]).flatMap(rowsOf) }, { columns })].join('\n');
}

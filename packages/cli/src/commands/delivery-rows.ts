import { show, showRows } from '../output/show.ts';

const attemptColumns = [
  ['ATTEMPT', 'attempt'],
  ['TIME', 'at'],
  ['TRIGGER', 'trigger'],
  ['STATUS', (attempt: object) => Reflect.get(attempt, 'status_code') ?? Reflect.get(attempt, 'outcome')],
  ['REASON', 'reason'],
  ['DURATION', (attempt: object) => durationOf(Reflect.get(attempt, 'duration_ms'))],
] as const;

const durationOf = (ms: unknown): unknown => (typeof ms === 'number' ? `${String(ms)} ms` : ms);

/** Formats a delivery as its fields and a table of its attempts. */
export function deliveryRows(body: object): string {
  const { attempts, ...fields } = body as Readonly<Record<string, unknown>>;
  const rows = showRows(Object.entries(fields));
  if (!Array.isArray(attempts) || attempts.length === 0) return rows;
  return [rows, '', show({ data: attempts }, { columns: attemptColumns })].join('\n');
}

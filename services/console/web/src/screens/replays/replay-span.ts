import type { Job } from '../../parts/jobs/job-words.ts';
import { texts } from './texts.ts';

const shown = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const timeText = (at: unknown): string | null =>
  typeof at === 'string' && !Number.isNaN(Date.parse(at)) ? shown.format(Date.parse(at)) : null;

/** Returns the time that a replay is of, in words; its id if that cannot be read. */
export function spanOf({ id, request }: Pick<Job, 'id' | 'request'>): string {
  const from = timeText(request['from']);
  return from === null ? id : texts.span(from, timeText(request['to']));
}

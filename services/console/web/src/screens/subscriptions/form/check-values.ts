import type { Faults } from '../../../parts/form/faults.ts';
import { fieldTexts } from './field-texts.ts';
import { readSchedule } from './schedule-text.ts';
import type { Values } from './values.ts';

/** Returns the faults that the API would not see, since the form could not send what was meant. */
export function checkValues({
  filters,
  schedule,
  retry_schedule,
  headers,
  rate_limit,
  events,
}: Values): Faults {
  const faults = new Map<string, string>();
  if (events.length === 0) faults.set('events', fieldTexts.faults.noEvents);
  if (filters === undefined) faults.set('filters', fieldTexts.faults.noFilter);
  const read = schedule === 'custom' ? readSchedule(retry_schedule) : { seconds: [] };
  if ('wrong' in read) faults.set('retry_schedule', fieldTexts.faults.noDuration(read.wrong));
  if (rate_limit.per_second.trim() === '' && rate_limit.burst.trim() !== '')
    faults.set('rate_limit/per_second', fieldTexts.faults.noRate);
  const names = headers.map(({ name }) => name.trim().toLowerCase());
  if (names.includes('')) faults.set('headers', fieldTexts.faults.noName);
  const repeated = names.find((name, at) => names.indexOf(name) !== at);
  if (repeated !== undefined) faults.set('headers', fieldTexts.faults.repeated(repeated));
  return faults;
}

import { fieldsOf, type Given, type OptionSpec, textOf } from '../command.ts';
import { readTime } from '../input/read-time.ts';
import { timeOptions, timesOf } from '../input/time-options.ts';

/** Options that filter dead letters by common properties. */
export const filterOptions: readonly OptionSpec[] = [
  { flags: '--event <id>', description: 'only those of this event, evt_…' },
  { flags: '--subscription <id>', description: 'only those of this subscription, sub_…' },
  { flags: '--consumer <id>', description: 'only those of this consumer' },
  { flags: '--type <name>', description: 'only those of events of this type' },
  { flags: '--reason <reason>', description: 'exhausted, disabled, backlog-full, undecodable …' },
  { flags: '--kind <kind>', description: 'delivery, or poison: records that could not be processed' },
  ...timeOptions,
  { flags: '--after <time>', description: 'the same as --from' },
  { flags: '--before <time>', description: 'the same as --to' },
];

/** Returns the filter fields of the API that {@link filterOptions} set. */
export function filterOf(given: Given): Readonly<Record<string, string | undefined>> {
  const [after, before] = [textOf(given, 'after'), textOf(given, 'before')];
  const times = timesOf(given, ['recorded_after', 'recorded_before']);
  return {
    ...fieldsOf(given, {
      event_id: 'event',
      subscription_id: 'subscription',
      consumer_id: 'consumer',
      event_type: 'type',
      reason: 'reason',
      kind: 'kind',
    }),
    recorded_after: after === undefined ? times['recorded_after'] : readTime('--after', after),
    recorded_before: before === undefined ? times['recorded_before'] : readTime('--before', before),
  };
}

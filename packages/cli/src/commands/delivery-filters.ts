import { fieldsOf, type Given, type OptionSpec } from '../command.ts';
import { timeOptions, timesOf } from '../input/time-options.ts';

/** Options that filter deliveries. */
export const filterOptions: readonly OptionSpec[] = [
  { flags: '--event <id>', description: 'only those of this event, evt_…' },
  { flags: '--subscription <id>', description: 'only those to this subscription, sub_…' },
  {
    flags: '--status <status>',
    description: 'pending, retrying, delivered, failed, dead_lettered or suppressed',
  },
  { flags: '--consumer <id>', description: 'only those to this consumer' },
  { flags: '--type <name>', description: 'only those of events of this type, or of all below order.*' },
  { flags: '--status-class <class>', description: '2xx, 3xx, 4xx, 5xx, or none: no response was read' },
  { flags: '--reason <reason>', description: 'why it ended, waits or failed last: timeout, exhausted …' },
  { flags: '--ordering-key <key>', description: 'only those of events with this ordering key' },
  { flags: '--trigger <trigger>', description: 'with such an attempt: event, retry, manual, replay …' },
  ...timeOptions,
];

const names = {
  event_id: 'event',
  status: 'status',
  status_class: 'statusClass',
  reason: 'reason',
  ordering_key: 'orderingKey',
  trigger: 'trigger',
  consumer_id: 'consumer',
  event_type: 'type',
};

/** Returns the filter fields of the API that {@link filterOptions} set, but the subscription. */
export const filterOf = (given: Given): Readonly<Record<string, string | undefined>> => ({
  ...fieldsOf(given, names),
  ...timesOf(given, ['created_after', 'created_before']),
});

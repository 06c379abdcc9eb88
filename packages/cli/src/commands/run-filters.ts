import { fieldsOf, type Given, type OptionSpec } from '../command.ts';
import { timeOptions, timesOf } from '../input/time-options.ts';

/** Options that filter runs of any status. */
export const runFilterOptions: readonly OptionSpec[] = [
  { flags: '--app <name>', description: 'only runs of this worker application' },
  { flags: '--handler <name>', description: 'only runs of handlers of this name' },
  { flags: '--event <id>', description: 'only runs that this event started, evt_…' },
  { flags: '--consumer <id>', description: 'only runs of events that are addressed to this consumer' },
  { flags: '--ordering-key <key>', description: 'only runs of events with this ordering key' },
  ...timeOptions,
];

/** Options that filter runs by why they failed. */
export const failureOptions: readonly OptionSpec[] = [
  { flags: '--reason <reason>', description: 'only runs that failed for this reason: step-failed …' },
  { flags: '--step <name>', description: 'only runs that failed because of this step' },
];

/** Returns the filter fields of the API that {@link runFilterOptions} set. */
export const runFilterOf = (given: Given): Readonly<Record<string, string | undefined>> => ({
  ...fieldsOf(given, { app: 'app', handler: 'handler', event_id: 'event', consumer_id: 'consumer' }),
  ...fieldsOf(given, { ordering_key: 'orderingKey' }),
  ...timesOf(given, ['started_after', 'started_before']),
});

/** Returns the filter fields of the API that {@link failureOptions} set. */
export const failureOf = (given: Given): Readonly<Record<string, string | undefined>> =>
  fieldsOf(given, { reason: 'reason', step: 'step' });

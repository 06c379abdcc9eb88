import { createClient, type EventInput } from '@tidings/sdk';
import { type CommandSpec, type Given, textOf } from '../command.ts';
import { parse, readText } from '../input/read-input.ts';
import { historyCommands } from './event-history.ts';
import { publishBatchCommand } from './publish-batch.ts';
import { publishFailure } from './publish-failure.ts';
import { publishStreamCommand } from './publish-stream.ts';
import { retryEventCommand } from './retry-event.ts';

/** tidings events … */
export const eventCommands: readonly CommandSpec[] = [
  {
    name: 'events publish',
    description: 'publish an event; the request is repeated until there is a response, and stays one event',
    args: [{ name: 'type', description: 'event type, such as order.paid' }],
    options: [
      {
        flags: '--data <json>',
        description: 'data of the event, sent byte for byte (JSON, @FILE or -; default: {})',
      },
      { flags: '--id <id>', description: 'your id of the event: a repeat with it is the same event' },
      { flags: '--source <source>', description: 'source of the event' },
      { flags: '--consumer <id>', description: 'the only consumer that receives it' },
      { flags: '--ordering-key <key>', description: 'events with the same key keep their order' },
      { flags: '--idempotency-key <key>', description: 'makes a repeat of this command the same event' },
    ],
    examples: [
      `events publish order.paid --data '{"order_id":"ord_7"}'`,
      'events publish order.paid --data @order.json --ordering-key ord_7',
    ],
    view: 'object',
    run: async (given, target) => {
      const dataJson = await readText(textOf(given, 'data') ?? '{}', given.input);
      parse('--data', dataJson);
      const idempotencyKey = textOf(given, 'idempotencyKey');
      const options = idempotencyKey === undefined ? {} : { idempotencyKey };
      try {
        const { id, type, acceptedAt } = await createClient(target).publish(
          eventOf(given, dataJson),
          options,
        );
        return { id, type, accepted_at: acceptedAt.toISOString() };
      } catch (error) {
        throw publishFailure(error);
      }
    },
  },
  publishBatchCommand,
  publishStreamCommand,
  ...historyCommands,
  retryEventCommand,
];

function eventOf(given: Given, dataJson: string): EventInput {
  const optional = {
    id: textOf(given, 'id'),
    source: textOf(given, 'source'),
    consumerId: textOf(given, 'consumer'),
    orderingKey: textOf(given, 'orderingKey'),
  };
  const named = Object.entries(optional).filter(([, value]) => value !== undefined);
  return { type: given.args['type'] ?? '', dataJson, ...Object.fromEntries(named) };
}

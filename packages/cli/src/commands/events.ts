import { createClient, type EventInput, TidingsError } from '@tidings/sdk';
import { type CommandSpec, type Given, textOf } from '../command.ts';
import { CommandFailed, exitCodes } from '../exit-codes.ts';
import { problemText } from '../problem-text.ts';
import { parseJson, readText } from '../read-input.ts';

/** tidings events … */
export const eventCommands: readonly CommandSpec[] = [
  {
    name: 'events publish',
    says: 'publish an event; it is repeated until there is an answer, and stays one event',
    args: [{ name: 'type', says: 'the name of what happened, such as order.paid' }],
    options: [
      { flags: '--data <json>', says: 'its data, sent byte for byte (JSON, @FILE or -; default: {})' },
      { flags: '--id <id>', says: 'an id of your own: a repeat with it is the same event' },
      { flags: '--source <source>', says: 'where it happened' },
      { flags: '--consumer <id>', says: 'the one partner it is for' },
      { flags: '--ordering-key <key>', says: 'events with one key keep their order' },
      { flags: '--idempotency-key <key>', says: 'makes a repeat of this command the same event' },
    ],
    examples: [
      `events publish order.paid --data '{"order_id":"ord_7"}'`,
      'events publish order.paid --data @order.json --ordering-key ord_7',
    ],
    view: 'object',
    run: async (given, target) => {
      const dataJson = await readText(textOf(given, 'data') ?? '{}');
      parseJson('--data', dataJson);
      const idempotencyKey = textOf(given, 'idempotencyKey');
      const options = idempotencyKey === undefined ? {} : { idempotencyKey };
      try {
        const { id, type, acceptedAt } = await createClient(target).publish(
          eventOf(given, dataJson),
          options,
        );
        return { id, type, accepted_at: acceptedAt.toISOString() };
      } catch (error) {
        throw failure(error);
      }
    },
  },
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

function failure(error: unknown): unknown {
  if (!(error instanceof TidingsError)) return error;
  const { status, problem, outcomeUnknown, idempotencyKey, message } = error;
  const told = status === undefined ? `${message}.` : problemText(status, problem);
  if (!outcomeUnknown) {
    return new CommandFailed(status === 429 ? exitCodes.unavailable : exitCodes.refused, told);
  }
  const advice = `It may have been accepted: repeat with --idempotency-key ${idempotencyKey}, and it stays one event.`;
  return new CommandFailed(exitCodes.unavailable, `${told}\n${advice}`);
}

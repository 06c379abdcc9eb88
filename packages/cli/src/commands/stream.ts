import type { Target } from '../api/find-target.ts';
import { followStream, type StreamFrame } from '../api/follow-stream.ts';
import { type CommandSpec, countOf, fieldsOf, type Given, textOf } from '../command.ts';
import { inWords } from '../output/show.ts';

const queryNames = {
  ...{ kinds: 'kinds', types: 'types', status: 'status' },
  ...{ subscription_id: 'subscription', consumer_id: 'consumer' },
};

/** tidings tail, tidings stream … */
export const streamCommands: readonly CommandSpec[] = [
  {
    name: 'tail',
    description: 'print events, attempts and changes of state as they happen, until it is interrupted',
    options: [
      { flags: '--kinds <list>', description: 'only event, attempt or state, separated by commas' },
      {
        flags: '--types <list>',
        description: 'only those of these event types, such as order.paid,invoice.*',
      },
      {
        flags: '--status <list>',
        description: 'only attempts and states with these statuses of the delivery',
      },
      { flags: '--subscription <id>', description: 'only deliveries to this subscription, sub_…' },
      { flags: '--consumer <id>', description: 'only those of this consumer' },
      { flags: '--after <id>', description: 'go on after this id of a message' },
      { flags: '--count <n>', description: 'end after so many messages' },
    ],
    examples: [
      'tail --types order.* --count 1',
      'tail --kinds state --status dead_lettered --json --count 1',
      'tail --subscription sub_019aab3cf4007c3d8e4f5a6b7c8d9e0f --count 1',
    ],
    view: 'none',
    run: tail,
  },
  {
    name: 'stream ticket',
    description: 'create a ticket with which a browser opens one stream within 60 s',
    examples: ['stream ticket'],
    view: 'object',
    request: () => ({ method: 'POST', path: '/v1/webhooks/stream-tickets' }),
  },
];

const kinds = ['event', 'attempt', 'state'];

async function tail(given: Given, target: Target): Promise<void> {
  const isJson = given.options['json'] === true;
  const count = countOf(given, 'count') ?? Infinity;
  let shown = 0;
  const frames = followStream(target, {
    query: fieldsOf(given, queryNames),
    lastId: textOf(given, 'after'),
    onRetry: (reason) => given.progress(`${reason}: connecting again`),
  });
  for await (const frame of frames) {
    if (frame.event === 'gap') given.progress(`gap: ${inWords(frame.data['reason'])}`);
    if (frame.event === 'closing') given.progress(inWords(frame.data['detail']));
    if (!kinds.includes(frame.event)) continue;
    given.print(isJson ? JSON.stringify({ id: frame.id, ...frame.data }) : lineOf(frame));
    shown += 1;
    if (shown >= count) return;
  }
}

function lineOf({ event, data }: StreamFrame): string {
  const of = (name: string): string => inWords(data[name]);
  const time = of('at').slice(11, 23);
  const about = [time, event.padEnd(7), of('event_type'), of('event_id')];
  if (event === 'event') return [...about, `${of('size_bytes')} bytes`].join('  ');
  const result =
    event === 'attempt'
      ? [`#${of('attempt')}`, of('outcome'), of('status_code'), of('reason')]
      : [of('status'), of('status_reason')];
  return [...about, of('subscription_id'), result.filter((one) => one !== '-').join(' ')].join('  ');
}

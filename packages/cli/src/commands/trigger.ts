import { createClient } from '@tidings/sdk';
import type { Target } from '../api/find-target.ts';
import { type CommandSpec, type Given, secondsOf, textOf } from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import { showRows } from '../output/show.ts';
import { awaitDeliveries, type Found, type Sought } from '../triggers/await-deliveries.ts';
import { findFixture, listFixtures } from '../triggers/find-fixture.ts';
import { prepareWebhook, readWebhook } from '../triggers/prepare-webhook.ts';
import { triggerThroughSource, triggerToUrl } from '../triggers/send-signed.ts';
import type { Triggered } from '../triggers/triggered.ts';
import { publishFailure } from './publish-failure.ts';

type Answer = Triggered & Partial<Pick<Found, 'deliveries'>>;
type List = Readonly<{ data: readonly object[] }>;

/** tidings trigger */
export const triggerCommand: CommandSpec = {
  name: 'trigger',
  description: 'send a realistic webhook or event: as an event, through a source, or to a URL of yours',
  args: [{ name: 'name', description: 'fixture or event type, such as github.push', optional: true }],
  options: [
    {
      flags: '--list',
      description: 'list the fixtures, and the event types of the catalogue that have an example',
    },
    {
      flags: '--override <path=value>',
      description: 'another value, such as data.object.amount=500; repeatable',
      many: true,
    },
    { flags: '--source <id>', description: 'send it through this source, signed as its provider does' },
    {
      flags: '--forward-to <url>',
      description: 'send it to this URL, signed as the provider does, without Tidings',
    },
    {
      flags: '--secret <secret>',
      description: 'secret of the source; @FILE reads it (default: $TIDINGS_SOURCE_SECRET)',
    },
    { flags: '--consumer <id>', description: 'the only consumer that receives the event' },
    { flags: '--wait', description: 'wait until each delivery was attempted, and show them' },
    { flags: '--timeout <duration>', description: 'maximum time of --wait (default: 15s)' },
  ],
  examples: [
    'trigger order.created --override total=12.50',
    'trigger stripe.payment_intent.succeeded --override data.object.amount=500',
    "trigger github.push --source src_019aab3cf4007c3d8e4f5a6b7c8d9e0f --secret 'a secret of twenty characters'",
    'trigger --list',
  ],
  view: { text: (body) => ('data' in body ? showList(body as List) : showAnswer(body as Answer)) },
  runOffline: trigger,
  failsWhen: (body) => {
    const { status = 202, sent_to: url } = body as Partial<Answer>;
    if (status < 300) return null;
    const hint = status === 401 ? ' Check that --secret is the one of the source.' : '';
    return `${url} responded ${status}.${hint}`;
  },
};

const showList = ({ data }: List): string =>
  showRows(data.map((one) => [String(Reflect.get(one, 'name')), Reflect.get(one, 'description')]));

function showAnswer({ deliveries, headers, ...rest }: Answer): string {
  const lines = Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`);
  const { body, response, ...shown } = rest;
  const rows = Object.entries(response === '' ? shown : { ...shown, response });
  const results =
    deliveries === undefined
      ? []
      : deliveries.length === 0
        ? ['No delivery: no active subscription matches, or none was made in time.']
        : deliveries.map((one) => `${one.id}  ${one.subscription_id}  ${one.status}`);
  return [showRows(rows), ...lines, `  ${body}`, ...results].join('\n');
}

async function trigger(given: Given, target: () => Target): Promise<Answer | List> {
  if (given.options['list'] === true) return { data: await listFixtures(given, target) };
  const name = given.args['name'] ?? '';
  if (name === '')
    throw new CommandFailed(exitCodes.usage, 'Name a fixture: tidings trigger --list shows them.');
  const to = textOf(given, 'forwardTo');
  const source = textOf(given, 'source');
  if (to !== undefined && source !== undefined)
    throw new CommandFailed(exitCodes.usage, 'Use either --source or --forward-to.');
  if (to !== undefined) return triggerToUrl(given, name, to);
  if (source === undefined) return publish(given, name, target());
  const { sought, ...triggered } = await triggerThroughSource(given, name, { id: source, target: target() });
  return triggered.status < 300 ? withDeliveries(given, target(), triggered, sought) : triggered;
}

async function publish(given: Given, name: string, target: Target): Promise<Answer> {
  const fixture = await findFixture(name, target);
  const overrides = (given.options['override'] ?? []) as readonly string[];
  const webhook = prepareWebhook(fixture, overrides, Date.now());
  const { dataJson, orderingKey } = readWebhook(webhook, fixture.provider);
  const consumerId = textOf(given, 'consumer');
  const event = {
    ...{ type: name, dataJson },
    ...(orderingKey === null ? {} : { orderingKey }),
    ...(consumerId === undefined ? {} : { consumerId }),
  };
  const beganMs = performance.now();
  try {
    const { id } = await createClient(target).publish(event);
    const triggered = {
      ...{ type: name, sent_to: `${target.url}/v1/events`, status: 202, response: '' },
      took_ms: Math.round(performance.now() - beganMs),
      ...{ event_id: id, headers: {}, body: dataJson },
    };
    return await withDeliveries(given, target, triggered, { id });
  } catch (error) {
    throw publishFailure(error);
  }
}

async function withDeliveries(
  given: Given,
  target: Target,
  ...[triggered, sought]: readonly [Triggered, Sought | null]
): Promise<Answer> {
  if (given.options['wait'] !== true) return triggered;
  if (sought === null) return { ...triggered, deliveries: [] };
  const timeoutMs = 1_000 * (secondsOf(given, 'timeout') ?? 15);
  const { eventId, deliveries } = await awaitDeliveries(target, sought, timeoutMs);
  return { ...triggered, event_id: eventId ?? triggered.event_id, deliveries };
}

import type { SourceOptions } from '@tidings/inbound/tools';
import { callApi } from '../api/call-api.ts';
import type { Target } from '../api/find-target.ts';
import { type CommandSpec, type Given, textOf } from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import { forwardUrl } from '../input/forward-url.ts';
import { readSecrets } from '../input/read-webhook.ts';
import { forwardStream } from '../listen/forward-stream.ts';
import { listenSecret } from '../listen/listen-secret.ts';
import { asDelivery, asReceived, type Render } from '../listen/webhook-of-event.ts';

/** tidings listen */
export const listenCommand: CommandSpec = {
  name: 'listen',
  description:
    'forward events, or the webhooks of a source, to a local server while it runs; makes no subscription',
  options: [
    { flags: '--forward-to <url>', description: 'local URL, such as http://localhost:3000/hooks, or a port' },
    {
      flags: '--events <list>',
      description: 'only events of these types, such as order.paid,invoice.* (default: all)',
    },
    {
      flags: '--source <id>',
      description: 'only what this source received, with the body and headers of its provider',
    },
    { flags: '--consumer <id>', description: 'only events that are addressed to this consumer' },
    {
      flags: '--secret <secret>',
      description: 'secret to sign with; with --source as its provider does; @FILE reads it',
    },
    { flags: '--print-secret', description: 'print the secret that requests are signed with, and end' },
    {
      flags: '--header <header>',
      description: "a header for each request, 'Name: value'; repeatable",
      many: true,
    },
    { flags: '--timeout <duration>', description: 'time for a response of the local server (default: 30s)' },
    { flags: '--after <id>', description: 'go on after this id, which the summary of an earlier run has' },
    { flags: '--count <n>', description: 'end after so many requests' },
  ],
  examples: [
    'listen --forward-to http://localhost:3000/hooks --events order.* --count 1',
    'listen --forward-to 3000/hooks --count 1',
    'listen --print-secret',
    'listen --forward-to 3000/github --source src_019aab3cf4007c3d8e4f5a6b7c8d9e0f --secret @github.txt --count 1',
  ],
  view: 'none',
  run: listen,
};

async function listen(given: Given, target: Target): Promise<void> {
  const own = given.options['secret'] === undefined ? undefined : (await readSecrets(given))[0];
  const secret = own ?? listenSecret(target);
  if (given.options['printSecret'] === true) {
    given.print(given.options['json'] === true ? JSON.stringify({ secret }) : secret);
    return;
  }
  const text = textOf(given, 'forwardTo');
  if (text === undefined) throw new CommandFailed(exitCodes.usage, '--forward-to is needed: the local URL.');
  const url = forwardUrl(text);
  const source = textOf(given, 'source');
  const render =
    source === undefined ? asDelivery(secret) : await renderOfSource(target, source, { own, url });
  const signs =
    source === undefined ? signedWith(secret, own) : own === undefined ? 'unsigned' : 'signed again';
  await forwardStream(given, target, { url, render, source, signs });
}

// Only the derived secret: the user's own may be that of a production endpoint, and terminals are logged and shared.
const signedWith = (secret: string, own: string | undefined): string =>
  `signed with ${own === undefined ? secret : 'the secret of --secret'}`;

type Source = Readonly<{ provider: string; options?: SourceOptions }>;

async function renderOfSource(
  target: Target,
  id: string,
  { own, url }: Readonly<{ own: string | undefined; url: string }>,
): Promise<Render> {
  const path = `/v1/webhooks/sources/${encodeURIComponent(id)}`;
  // Also without a secret: a wrong id would wait for ever.
  const { provider, options = {} } = (await callApi(target, { method: 'GET', path })) as Source;
  return asReceived(own === undefined ? null : { provider, options, secret: own, url });
}

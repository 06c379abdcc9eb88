import type { SourceOptions } from '@tidings/inbound/tools';
import { callApi } from '../api/call-api.ts';
import type { Target } from '../api/find-target.ts';
import type { Given } from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Fixture } from '../fixtures/fixture.ts';
import { forwardUrl } from '../input/forward-url.ts';
import { readSecrets } from '../input/read-webhook.ts';
import type { Sought } from './await-deliveries.ts';
import { builtInFixture } from './find-fixture.ts';
import { postWebhook } from './post-webhook.ts';
import { prepareWebhook, readWebhook, shownHeaders, signedHeaders } from './prepare-webhook.ts';
import type { Triggered } from './triggered.ts';

type Source = Readonly<{ provider: string; options: SourceOptions }>;

/** Sends a fixture to a URL as its provider does; one of no provider as a Standard Webhook. */
export async function triggerToUrl(given: Given, name: string, to: string): Promise<Triggered> {
  const url = forwardUrl(to);
  const fixture = builtInFixture(name);
  const provider = fixture.provider ?? 'standard-webhooks';
  return (await send(given, fixture, { provider, options: {}, url })).triggered;
}

/** Sends a fixture through a source. `sought`: the event that it becomes; null if that has no id of the provider. */
export async function triggerThroughSource(
  given: Given,
  name: string,
  { id, target }: Readonly<{ id: string; target: Target }>,
): Promise<Triggered & Readonly<{ sought: Sought | null }>> {
  const fixture = builtInFixture(name);
  const path = `/v1/webhooks/sources/${encodeURIComponent(id)}`;
  const found = (await callApi(target, { method: 'GET', path })) as Partial<Source>;
  const { provider = '', options = {} } = found;
  const isAny = provider.startsWith('generic-');
  if (provider !== fixture.provider && !isAny) {
    const own = fixture.provider ?? 'no provider: leave out --source to publish it';
    throw new CommandFailed(exitCodes.usage, `${id} is a source of ${provider}, but ${name} is of ${own}.`);
  }
  const url = `${target.url}/v1/sources/${encodeURIComponent(id)}`;
  const { triggered, callerId } = await send(given, fixture, { provider, options, url });
  const sought = callerId === null ? null : { callerId, source: `/v1/sources/${id}` };
  return { ...triggered, sought };
}

async function send(given: Given, fixture: Fixture, to: Source & Readonly<{ url: string }>) {
  const { provider, options, url } = to;
  const [secret = ''] = await readSecrets(given, 'TIDINGS_SOURCE_SECRET');
  const nowMs = Date.now();
  const overrides = (given.options['override'] ?? []) as readonly string[];
  const webhook = prepareWebhook(fixture, overrides, nowMs);
  const headers = signedHeaders(webhook, { provider, secret, options, url, nowMs });
  const { status, body: response, tookMs } = await postWebhook(url, { headers, body: webhook.body });
  const { callerId } = readWebhook(webhook, provider, { signed: headers, options });
  const triggered: Triggered = {
    ...{ type: fixture.name, sent_to: url, status, response, took_ms: tookMs, event_id: null },
    ...{ headers: shownHeaders(headers, secret), body: webhook.body.toString() },
  };
  return { triggered, callerId };
}

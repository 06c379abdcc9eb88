import { randomBytes, randomUUID } from 'node:crypto';
import { InboundHeaders, providers, readPayload, type SourceOptions, signHook } from '@tidings/inbound/tools';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Fixture, Fresh } from '../fixtures/fixture.ts';
import { withOverride } from '../fixtures/override.ts';

/** A webhook before its signature. */
export type Webhook = Readonly<{
  headers: Readonly<Record<string, string>>;
  contentType: string;
  body: Buffer;
}>;

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const fresh = (nowMs: number): Fresh => ({
  nowMs,
  uuid: randomUUID,
  id: (prefix, length = 16) =>
    // Without a prefix it is the hash of a commit or a token, which are hexadecimal.
    prefix === ''
      ? randomBytes(length).toString('hex').slice(0, length)
      : prefix + Array.from(randomBytes(length), (byte) => alphabet[byte % alphabet.length]).join(''),
});

/** Returns the webhook of a fixture with its overrides. Ids are new in each. Throws CommandFailed for a wrong override. */
export function prepareWebhook(fixture: Fixture, overrides: readonly string[], nowMs: number): Webhook {
  const draft = fixture.make(fresh(nowMs));
  const { 'content-type': contentType = 'application/json', ...headers } = draft.headers ?? {};
  const content = 'form' in draft ? draft.form : draft.body;
  const changed = overrides.reduce(withOverride, content);
  if (!('form' in draft)) return { headers, contentType, body: Buffer.from(JSON.stringify(changed)) };
  const fields = Object.entries(changed ?? {}).map(([name, value]): [string, string] => [
    name,
    String(value),
  ]);
  const form = new URLSearchParams(fields).toString();
  return { headers, contentType: 'application/x-www-form-urlencoded', body: Buffer.from(form) };
}

/** The destination of a webhook, the provider that signs it there, and its secret. */
export type Signing = Readonly<{
  provider: string;
  secret: string;
  options: SourceOptions;
  url: string;
  nowMs: number;
  /** Id of a Standard Webhook. Default: a new one. */
  id?: string | undefined;
}>;

/** Returns the headers of a webhook with the signature. Throws CommandFailed for a secret that is no key of the provider. */
export function signedHeaders(webhook: Webhook, signing: Signing): Readonly<Record<string, string>> {
  const { provider, secret, options, url, nowMs } = signing;
  const { contentType, body } = webhook;
  const nowSeconds = Math.floor(nowMs / 1_000);
  const id = signing.id ?? `msg_${randomBytes(12).toString('hex')}`;
  const publicUrl = options['public_url'];
  const sentTo = typeof publicUrl === 'string' ? publicUrl : url;
  try {
    const signature = signHook(provider, {
      ...{ body, contentType, secret, options, nowSeconds, id },
      url: sentTo,
    });
    return { 'content-type': contentType, 'user-agent': 'tidings-trigger', ...webhook.headers, ...signature };
  } catch (cause) {
    // The message of a key that cannot be read does not contain the key.
    const reason = cause instanceof Error ? cause.message : String(cause);
    const hint = provider === 'sendgrid' ? ' SendGrid signs with a private key: give it in PEM.' : '';
    throw new CommandFailed(exitCodes.usage, `--secret is no secret of ${provider}: ${reason}.${hint}`);
  }
}

/** Returns the headers as they may be shown: without credentials, which some providers send as they are. */
export const shownHeaders = (
  headers: Readonly<Record<string, string>>,
  secret: string,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      name === 'authorization' || value.includes(secret) ? '***' : value,
    ]),
  );

/** A webhook as a source reads it: the data of its first event, the provider's id, and the ordering key. */
export type Reading = Readonly<{ dataJson: string; callerId: string | null; orderingKey: string | null }>;

/** Reads a webhook as a source of the provider does; one of no provider is the data itself. */
export function readWebhook(
  { headers, contentType, body }: Webhook,
  providerName: string | null,
  {
    signed = {},
    options = {},
  }: Readonly<{ signed?: Readonly<Record<string, string>>; options?: SourceOptions }> = {},
): Reading {
  const whole = readPayload(body, contentType);
  const provider = providers.get(providerName ?? '');
  if (provider === undefined) return { dataJson: whole.data.toString(), callerId: null, orderingKey: null };
  const all = new InboundHeaders(
    Object.entries({ 'content-type': contentType, ...headers, ...signed }).flat(),
  );
  const items = provider.split?.(whole, all) ?? null;
  const hook = { headers: all, payload: items?.[0] ?? whole, options, index: items === null ? null : 0 };
  const resource = provider.orderingKey(hook);
  return {
    dataJson: hook.payload.data.toString(),
    callerId: provider.id(hook),
    orderingKey: resource === null ? null : `${provider.name}/${resource}`,
  };
}

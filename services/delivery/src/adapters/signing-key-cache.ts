import { type SubscriptionRecord, sealedHeaderField } from '@tidings/contracts';
import type { Logger } from '@tidings/observability';
import { type KeyRing, messageOf, unseal } from '@tidings/runtime';
import { type PreparedSecret, prepareSecret } from '@tidings/signing';
import { lowerCaseHeaders, type Redaction, type RequestKeys, redactionOf } from '@tidings/webhook-request';
import type { DeliveryRequest } from '../ports.ts';

/**
 * The keys that sign a request, the TLS settings of its connection (null: defaults), and the redaction of
 * what its attempts record. One object of TLS settings per version of a subscription.
 */
export type SigningKeys = RequestKeys &
  Readonly<{ tls: NonNullable<DeliveryRequest['tls']> | null; redaction: Redaction }>;

type OpenedSecret = Readonly<{ prepared: PreparedSecret; text: string; expiresAtMs: number | null }>;

/** The opened secrets and headers of one version. Null: a part of it cannot be opened in this process. */
type OpenedVersion = {
  readonly version: number;
  readonly opened: Opened | null;
  keys: SigningKeys | null;
};

type Opened = Readonly<{ secrets: readonly OpenedSecret[] }> &
  Pick<SigningKeys, 'tls' | 'headers' | 'redaction'>;

type Dependencies = Readonly<{ ring: KeyRing; logger: Logger }>;

const tlsOf = ({ tls, workspaceId, id }: SubscriptionRecord, ring: KeyRing): SigningKeys['tls'] =>
  tls === undefined
    ? null
    : (JSON.parse(unseal(ring, tls.sealed, [workspaceId, id, 'tls'])) as SigningKeys['tls']);

type Header = readonly [name: string, value: string];

const secretHeadersOf = (
  { workspaceId, id, secretHeaders }: SubscriptionRecord,
  ring: KeyRing,
): readonly Header[] =>
  secretHeaders.map(({ name, sealed }) => [
    name,
    unseal(ring, sealed, [workspaceId, id, sealedHeaderField(name)]),
  ]);

// CloudEvents HTTP Web Hooks 4.1.2: an endpoint that consented to an origin receives it with every request.
function headersOf({ requestOrigin }: SubscriptionRecord, opened: readonly Header[]): SigningKeys['headers'] {
  const headers = lowerCaseHeaders(opened);
  if (requestOrigin !== null) headers['webhook-request-origin'] = requestOrigin;
  return headers;
}

const open = (subscription: SubscriptionRecord, { ring, logger }: Dependencies): OpenedVersion => {
  const { id, version, workspaceId } = subscription;
  try {
    const secrets = subscription.secrets.map(({ sealed, expiresAtMs }) => {
      const text = unseal(ring, sealed, [workspaceId, id, 'secrets']);
      return { prepared: prepareSecret(text), text, expiresAtMs };
    });
    const secretHeaders = secretHeadersOf(subscription, ring);
    const opened = {
      secrets,
      tls: tlsOf(subscription, ring),
      headers: headersOf(subscription, secretHeaders),
      redaction: redactionOf({
        secrets: secrets.map(({ text }) => text),
        secretHeaders,
        headers: subscription.headers,
      }),
    };
    return { version, opened, keys: null };
  } catch (error) {
    logger.error({ subscriptionId: id, version, detail: messageOf(error) }, 'secrets.unreadable');
    return { version, opened: null, keys: null };
  }
};

const keysAt = (
  { secrets, ...others }: Opened,
  subscription: SubscriptionRecord,
  nowMs: number,
): SigningKeys | null => {
  const active = secrets.filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > nowMs);
  const [newest] = active;
  if (newest === undefined) return null;
  const plainSecret = subscription.signatureStyle === 'plain' ? newest.text : null;
  return { secrets: active.map(({ prepared }) => prepared), plainSecret, ...others };
};

/**
 * Opens the sealed settings of a subscription once per version and caches them. Rotated secrets are honoured here: each
 * one signs until it expires. `sign` of @tidings/signing makes the signatures.
 */
export class SigningKeyCache {
  readonly #dependencies: Dependencies;
  readonly #opened = new Map<string, OpenedVersion>();

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Returns the keys of a subscription with its unexpired secrets, newest first. Null when its secrets or headers cannot
   * be opened (a sealing key is missing) or none has remained: nothing may then be sent, not even unsigned.
   */
  find(subscription: SubscriptionRecord, nowMs: number): SigningKeys | null {
    const version = this.#openedOf(subscription);
    if (version.keys !== null) return version.keys;
    if (version.opened === null) return null;
    const keys = keysAt(version.opened, subscription, nowMs);
    // Keys without an expiry are the same for every attempt.
    if (version.opened.secrets.every(({ expiresAtMs }) => expiresAtMs === null)) version.keys = keys;
    return keys;
  }

  forget(id: string): void {
    this.#opened.delete(id);
  }

  #openedOf(subscription: SubscriptionRecord): OpenedVersion {
    const known = this.#opened.get(subscription.id);
    if (known?.version === subscription.version) return known;
    const fresh = open(subscription, this.#dependencies);
    this.#opened.set(subscription.id, fresh);
    return fresh;
  }
}

import type { SubscriptionRecord } from '@tidings/contracts';
import type { Logger } from '@tidings/observability';
import { type KeyRing, messageOf, unseal } from '@tidings/runtime';
import { type PreparedSecret, prepareSecret } from '@tidings/signing';
import type { FindSigningKeys, SigningKeys } from '../ports.ts';

type OpenedSecret = Readonly<{ prepared: PreparedSecret; text: string; expiresAtMs: number | null }>;

/** What is sealed in one version, opened once. Secrets null: something of it does not open here. */
type OpenedVersion = {
  readonly version: number;
  readonly secrets: readonly OpenedSecret[] | null;
  readonly tls: SigningKeys['tls'];
  keys: SigningKeys | null;
};

type Dependencies = Readonly<{ ring: KeyRing; logger: Logger }>;

const tlsOf = ({ tls, workspaceId, id }: SubscriptionRecord, ring: KeyRing): SigningKeys['tls'] =>
  tls === undefined
    ? null
    : (JSON.parse(unseal(ring, tls.sealed, [workspaceId, id, 'tls'])) as SigningKeys['tls']);

const open = (subscription: SubscriptionRecord, { ring, logger }: Dependencies): OpenedVersion => {
  const { id, version, workspaceId } = subscription;
  try {
    const secrets = subscription.secrets.map(({ sealed, expiresAtMs }) => {
      const text = unseal(ring, sealed, [workspaceId, id, 'secrets']);
      return { prepared: prepareSecret(text), text, expiresAtMs };
    });
    return { version, secrets, tls: tlsOf(subscription, ring), keys: null };
  } catch (error) {
    logger.error({ subscriptionId: id, version, detail: messageOf(error) }, 'secrets.unreadable');
    return { version, secrets: null, tls: null, keys: null };
  }
};

const keysAt = (
  { secrets, tls }: OpenedVersion,
  subscription: SubscriptionRecord,
  nowMs: number,
): SigningKeys | null => {
  if (secrets === null) return null;
  const active = secrets.filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > nowMs);
  const [newest] = active;
  if (newest === undefined) return null;
  const plainSecret = subscription.signatureStyle === 'plain' ? newest.text : null;
  return { secrets: active.map(({ prepared }) => prepared), plainSecret, tls };
};

/**
 * Opens what is sealed of a subscription once a version and keeps them ready. Only unexpired ones are returned, newest first;
 * null when none can be used, and then nothing may be sent.
 */
export const createSigningKeys = (
  dependencies: Dependencies,
): Readonly<{ find: FindSigningKeys; forget(id: string): void }> => {
  const opened = new Map<string, OpenedVersion>();
  const openedOf = (subscription: SubscriptionRecord): OpenedVersion => {
    const known = opened.get(subscription.id);
    if (known?.version === subscription.version) return known;
    const fresh = open(subscription, dependencies);
    opened.set(subscription.id, fresh);
    return fresh;
  };
  return {
    find: (subscription, nowMs) => {
      const version = openedOf(subscription);
      if (version.keys !== null) return version.keys;
      if (version.secrets === null) return null;
      const keys = keysAt(version, subscription, nowMs);
      // What never expires is the same at every attempt.
      if (version.secrets.every(({ expiresAtMs }) => expiresAtMs === null)) version.keys = keys;
      return keys;
    },
    forget: (id) => {
      opened.delete(id);
    },
  };
};

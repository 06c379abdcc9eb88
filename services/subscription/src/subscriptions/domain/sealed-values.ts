import { sealedHeaderField } from '@tidings/contracts';
import type { Subscription } from './subscription.ts';

/**
 * Returns the subscription with `replace` applied to each sealed value; `replace` receives the field that the value is
 * sealed for. Returns the same object when no value has changed.
 */
export function withSealedValues(
  subscription: Subscription,
  replace: (sealed: string, field: string) => string,
): Subscription {
  let hasChanged = false;
  const replaced = <T extends Readonly<{ sealed: string }>>(holder: T, field: string): T => {
    const sealed = replace(holder.sealed, field);
    hasChanged ||= sealed !== holder.sealed;
    return { ...holder, sealed };
  };
  const secrets = subscription.secrets.map((secret) => replaced(secret, 'secrets'));
  const secretHeaders = subscription.settings.secretHeaders.map((header) =>
    replaced(header, sealedHeaderField(header.name)),
  );
  const { tls: kept } = subscription.settings;
  const tls = kept === null ? null : replaced(kept, 'tls');
  return hasChanged
    ? { ...subscription, secrets, settings: { ...subscription.settings, secretHeaders, tls } }
    : subscription;
}

import { type AccessScope, consumerScopes } from '@tidings/contracts';

/** Returns true if the scopes `held` permit what `scope` permits. `admin` includes every scope except `platform`. */
export const holds = (held: ReadonlySet<string>, scope: AccessScope): boolean =>
  held.has(scope) || (scope !== 'platform' && held.has('admin'));

/** Returns the scopes that the key of a consumer cannot have. */
export const beyondConsumers = (scopes: readonly AccessScope[]): readonly AccessScope[] => {
  const allowed: readonly AccessScope[] = consumerScopes;
  return scopes.filter((scope) => !allowed.includes(scope));
};

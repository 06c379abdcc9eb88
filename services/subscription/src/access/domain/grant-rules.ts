import { type AccessScope, consumerScopes } from '@tidings/contracts';

/** True when whoever holds these scopes may do what `scope` says: `admin` is everything but `platform`. */
export const holds = (held: ReadonlySet<string>, scope: AccessScope): boolean =>
  held.has(scope) || (scope !== 'platform' && held.has('admin'));

/** The scopes that the key of a consumer cannot have. */
export const beyondConsumers = (scopes: readonly AccessScope[]): readonly AccessScope[] => {
  const allowed: readonly AccessScope[] = consumerScopes;
  return scopes.filter((scope) => !allowed.includes(scope));
};

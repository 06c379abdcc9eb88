import type { Principal } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import { type Target, type WriteParts, type Written, writeVersion } from '../registry/write-version.ts';
import { type ApiKey, revoked } from './domain/api-key.ts';
import { holds } from './domain/grant-rules.ts';

/** Revokes a key permanently; a revoked key stays unchanged. Tokens issued with the key end with it. */
export async function revokeApiKey(
  parts: WriteParts<ApiKey>,
  target: Target,
  { scopes: held }: Principal,
): Promise<Written<ApiKey>> {
  return writeVersion(parts, target, {
    operation: 'revoked',
    change: (current) => {
      if (current.isBootstrap && current.state === 'active') {
        const message =
          'This is the bootstrap key: to revoke it, change ADMIN_KEY of the subscription service and restart it.';
        throw new AppError({ code: 'conflict', message });
      }
      if (current.grant.scopes.some((scope) => !holds(held, scope))) {
        const message = "A key with the scope 'platform' can only be revoked by another one that has it.";
        throw new AppError({ code: 'forbidden', message });
      }
      return revoked(current, parts.clock.nowMs());
    },
  });
}

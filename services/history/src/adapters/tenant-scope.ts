import { consumerId, workspaceId } from '@tidings/contracts';
import type { Principal } from '@tidings/http';
import type { TenantScope } from '../domain/tenant-scope.ts';

/**
 * Returns the scope of a principal, which enforces tenant isolation: it is part of the filters of every read, and the
 * stores turn it into conditions of the query. Anything outside does not exist for the principal.
 */
export const tenantScopeOf = ({ workspaceId: workspace, consumerId: consumer }: Principal): TenantScope => ({
  workspaceId: workspaceId(workspace),
  ownerId: consumer === null ? null : consumerId(consumer),
});

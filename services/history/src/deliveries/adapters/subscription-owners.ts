import type { ConsumerId, SubscriptionId, WorkspaceId } from '@tidings/contracts';
import { type Bus, openSubscriptionTable } from '@tidings/kafka';
import { lookUpOnceRead } from '../../adapters/look-up-once-read.ts';
import type { TenantScope } from '../../domain/tenant-scope.ts';

type Owner = Readonly<{ workspaceId: WorkspaceId; consumerId: ConsumerId | null }>;

/** Knows the owner of each subscription. */
export type SubscriptionOwners = Readonly<{
  /**
   * Returns true if there is such a subscription within the scope; deleted ones count for 15 days. Throws AppError
   * `unavailable` until all subscriptions have been read.
   */
  isWithin(id: SubscriptionId, scope: TenantScope): boolean;
  close(): Promise<void>;
}>;

/** Opens the table of subscriptions, reduced to their owners. */
export const openSubscriptionOwners = async (bus: Pick<Bus, 'table'>): Promise<SubscriptionOwners> => {
  const table = await openSubscriptionTable<Owner>(bus, {
    service: 'history',
    select: ({ workspaceId, consumerId }) => ({ workspaceId, consumerId }),
    onChange: () => {},
  });
  const ownerOf = lookUpOnceRead(table, 'subscriptions');
  return {
    isWithin: (id, { workspaceId, ownerId }) => {
      const owner = ownerOf(id);
      return owner?.workspaceId === workspaceId && (ownerId === null || owner.consumerId === ownerId);
    },
    close: async () => table.close(),
  };
};

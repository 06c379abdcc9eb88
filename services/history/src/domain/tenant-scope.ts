import type { ConsumerId, WorkspaceId } from '@tidings/contracts';

/** The scope of a caller. `ownerId`: the consumer whose data it may read; null for all of the workspace. */
export type TenantScope = Readonly<{ workspaceId: WorkspaceId; ownerId: ConsumerId | null }>;

import type { DataErased, WorkspaceId } from '@tidings/contracts';

/** Writes the record of an erasure to the log. Resolves when every in-sync replica has it. */
export type RecordErasure = (erasure: DataErased) => Promise<void>;

/** Returns true if a consumer is registered. */
export type IsConsumer = (workspaceId: WorkspaceId, consumerId: string) => boolean;

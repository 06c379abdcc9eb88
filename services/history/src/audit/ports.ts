import type { AuditRecorded } from '@tidings/contracts';
import type { TenantScope } from '../domain/tenant-scope.ts';

/** An entry and its offset in the topic. */
export type StoredAudit = Readonly<{ entry: AuditRecorded; offset: number }>;

/** Filters of audit entries. Times are exclusive. */
export type AuditFilters = TenantScope &
  Readonly<{
    kind?: string;
    entityId?: string;
    keyId?: string;
    afterMs?: number;
    beforeMs?: number;
  }>;

/** The audit log in the read model. Its methods reject with AppError `unavailable` if the store cannot be reached. */
export type AuditStore = Readonly<{
  /** Stores new entries; an existing one stays unchanged. */
  insert(entries: readonly StoredAudit[]): Promise<void>;
  /** Returns the offset behind the last stored entry; 0 if there is none. */
  nextOffset(): Promise<number>;
  /** Lists entries by descending id, which is their order in time, from behind `afterId`. */
  list(
    filters: AuditFilters,
    page: Readonly<{ limit: number; afterId: string | null }>,
  ): Promise<readonly AuditRecorded[]>;
  count(filters: AuditFilters): Promise<number>;
}>;

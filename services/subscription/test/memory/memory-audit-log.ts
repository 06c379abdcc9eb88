import type { AuditEntry } from '../../src/registry/domain/audit-entry.ts';
import type { AuditLog, AuditQuery, Listed, Scope } from '../../src/registry/ports.ts';

/** In-memory audit log for tests. */
export class MemoryAuditLog implements AuditLog {
  readonly #entries = new Map<string, AuditEntry>();
  readonly #unpublished = new Set<string>();
  #copied: string | null = '';

  async append(entry: AuditEntry): Promise<void> {
    this.#unpublished.add(entry.id);
    if (!this.#entries.has(entry.id)) this.#entries.set(entry.id, structuredClone(entry));
  }

  async restore(entry: AuditEntry): Promise<boolean> {
    if (this.#entries.has(entry.id)) return false;
    this.#entries.set(entry.id, structuredClone(entry));
    return true;
  }

  /** Leaves the mark of an entry that was never written. */
  loseEntry(id: string): void {
    this.#unpublished.add(id);
  }

  async listUnpublished(limit: number): Promise<readonly AuditEntry[]> {
    return this.#rising()
      .filter(({ id }) => this.#unpublished.has(id))
      .slice(0, limit);
  }

  async markPublished(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#unpublished.delete(id);
  }

  async listUncopied(limit: number): Promise<readonly AuditEntry[]> {
    const copied = this.#copied;
    return copied === null
      ? []
      : this.#rising()
          .filter(({ id }) => id > copied)
          .slice(0, limit);
  }

  async markCopied(afterId: string | null): Promise<void> {
    this.#copied = afterId;
  }

  #rising(): readonly AuditEntry[] {
    return [...this.#entries.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  async find({ workspaceId, consumerId }: Scope, id: string): Promise<AuditEntry | null> {
    const found = this.#entries.get(id);
    if (found === undefined || found.workspaceId !== workspaceId) return null;
    return consumerId === null || found.consumerId === consumerId ? found : null;
  }

  async list({ workspaceId, consumerId }: Scope, query: AuditQuery): Promise<Listed<AuditEntry>> {
    const { kind, entityId, keyId, afterMs, beforeMs, afterId, limit } = query;
    const found = [...this.#entries.values()]
      .filter(
        (one) =>
          one.workspaceId === workspaceId &&
          (consumerId === null || one.consumerId === consumerId) &&
          (kind === null || one.kind === kind) &&
          (entityId === null || one.entityId === entityId) &&
          (keyId === null || one.actor.keyId === keyId) &&
          (afterMs === undefined || one.atMs > afterMs) &&
          (beforeMs === undefined || one.atMs < beforeMs) &&
          (afterId === null || one.id < afterId),
      )
      .sort((a, b) => (a.id < b.id ? 1 : -1));
    const items = found.slice(0, limit);
    return { items, nextAfterId: found.length > limit ? (items.at(-1)?.id ?? null) : null };
  }
}

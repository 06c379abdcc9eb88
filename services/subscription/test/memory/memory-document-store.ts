import type { DocumentKind, StoredDocument } from '../../src/registry/document-kind.ts';
import type { Versioned } from '../../src/registry/domain/versioned.ts';
import type {
  DocumentStore,
  Listed,
  ListQuery,
  PageRequest,
  Scope,
  Settled,
  Where,
} from '../../src/registry/ports.ts';

const isOneOf = (value: unknown, wanted: readonly unknown[]): boolean =>
  Array.isArray(value) ? value.some((one) => wanted.includes(one)) : wanted.includes(value);

function isMeant(document: StoredDocument, { in: some = {}, upTo = {} }: Where): boolean {
  return (
    Object.entries(some).every(([field, values]) => isOneOf(document[field], values)) &&
    Object.entries(upTo).every(([field, limit]) => {
      const value = document[field];
      return typeof value === 'number' && value <= limit;
    })
  );
}

function isWithin(document: StoredDocument, { workspaceId, consumerId }: Scope): boolean {
  if (document['workspace_id'] !== workspaceId) return false;
  return (
    consumerId === null || document['consumer_id'] === undefined || document['consumer_id'] === consumerId
  );
}

/** In-memory document store for tests. Documents pass through the same schema as in MongoDB. */
export class MemoryDocumentStore<T extends Versioned> implements DocumentStore<T> {
  readonly #kind: DocumentKind<T>;
  readonly #documents = new Map<string, string>();

  constructor(kind: DocumentKind<T>) {
    this.#kind = kind;
  }

  async insert(entity: T): Promise<boolean> {
    if (this.#documents.has(entity.id)) return false;
    this.#put(entity);
    return true;
  }

  async replace(next: T, expected: number): Promise<boolean> {
    // No await between the read and the write, which makes them atomic.
    const current = this.#get(next.id);
    if (current?.version !== expected || current['workspace_id'] !== next.workspaceId) return false;
    this.#put(next);
    return true;
  }

  async find(scope: Scope, id: string): Promise<T | null> {
    const found = this.#get(id);
    return found !== undefined && isWithin(found, scope) ? this.#kind.fromDocument(found) : null;
  }

  async findAnywhere(id: string): Promise<T | null> {
    return this.#entity(id);
  }

  async list(scope: Scope, { where, afterId, limit, order }: ListQuery): Promise<Listed<T>> {
    const isRising = order === 'rising';
    const wanted = this.#all().filter(
      (one) =>
        isWithin(one, scope) &&
        isMeant(one, where) &&
        (afterId === null || (isRising ? one._id > afterId : one._id < afterId)),
    );
    return this.#page(isRising ? wanted : wanted.reverse(), limit);
  }

  async count(scope: Scope, where: Where, atMost: number): Promise<number> {
    const found = this.#all().filter((one) => isWithin(one, scope) && isMeant(one, where));
    return Math.min(found.length, atMost);
  }

  async listAll({
    where = {},
    afterId,
    limit,
  }: PageRequest & Readonly<{ where?: Where }>): Promise<Listed<T>> {
    const wanted = this.#all().filter(
      (one) => (afterId === null || one._id > afterId) && isMeant(one, where),
    );
    return this.#page(wanted, limit);
  }

  async settle(id: string, version: number, { isPublished, isAudited }: Settled): Promise<void> {
    const current = this.#entity(id);
    if (current?.version !== version) return;
    this.#put({
      ...current,
      isUnpublished: current.isUnpublished && !isPublished,
      audit: isAudited ? null : current.audit,
    });
  }

  async setFlags(id: string, version: number, fields: Readonly<Record<string, boolean>>): Promise<void> {
    const current = this.#get(id);
    if (current?.version !== version) return;
    this.#put(this.#kind.fromDocument({ ...current, ...fields }));
  }

  async purge(id: string, version: number): Promise<void> {
    const current = this.#entity(id);
    if (current?.version === version && current.state === 'deleted') this.#documents.delete(id);
  }

  #entity(id: string): T | null {
    const found = this.#get(id);
    return found === undefined ? null : this.#kind.fromDocument(found);
  }

  #all(): StoredDocument[] {
    const ids = [...this.#documents.keys()].sort();
    return ids.flatMap((id) => this.#get(id) ?? []);
  }

  #get(id: string): StoredDocument | undefined {
    const json = this.#documents.get(id);
    return json === undefined ? undefined : (JSON.parse(json) as StoredDocument);
  }

  #put(entity: T): void {
    this.#documents.set(entity.id, JSON.stringify(this.#kind.toDocument(entity)));
  }

  #page(found: readonly StoredDocument[], limit: number): Listed<T> {
    const shown = found.slice(0, limit);
    return {
      items: shown.map((one) => this.#kind.fromDocument(one)),
      nextAfterId: found.length > limit ? (shown.at(-1)?._id ?? null) : null,
    };
  }
}

import { MongoDocumentStore } from '../../../services/subscription/src/registry/adapters/mongo-document-store.ts';
import type { DocumentKind } from '../../../services/subscription/src/registry/document-kind.ts';
import type { AuditEntry } from '../../../services/subscription/src/registry/domain/audit-entry.ts';
import type { Versioned } from '../../../services/subscription/src/registry/domain/versioned.ts';
import { atMs, ids } from '../messages/example.ts';
import type { CollectionFormat } from './collection-format.ts';

/** An audit entry about a change of a consumer. */
export const entry: AuditEntry = {
  ...{ id: 'aud_1', atMs, operation: 'changed', kind: 'subscription', entityId: ids.subscriptionId },
  ...{
    workspaceId: ids.workspaceId,
    consumerId: ids.consumerId,
    version: 2,
    actor: { keyId: ids.keyId, address: '192.0.2.1' },
  },
  ...{ before: { 'a.b': { $c: null } }, after: { 'a.b': [1] } },
};
/** An audit entry about a change that Tidings itself has made. */
export const ownEntry: AuditEntry = {
  ...{ ...entry, id: 'aud_2', consumerId: null, before: null },
  actor: { keyId: null, address: null },
};

/** Returns the format of a kind of the registry. Every example gets an id of its own. */
export const ofKind = <T extends Versioned>(
  kind: DocumentKind<T>,
  examples: readonly T[],
  idOf: (at: number) => string,
): CollectionFormat => {
  const storeOn = (connection: ConstructorParameters<typeof MongoDocumentStore>[0]['connection']) =>
    // What a store counts and logs is unreadable documents in lists; here each is read by itself.
    new MongoDocumentStore<T>({ kind, connection, logger: {} as never, metrics: {} as never });
  const bookkeeping = [
    { version: 1, isUnpublished: true, audit: entry },
    { version: 2, isUnpublished: true, audit: ownEntry },
    { version: 3, isUnpublished: false, audit: null, deletedAtMs: atMs },
  ];
  return {
    ...{ collection: kind.collection, schema: kind.schema },
    write: async ({ connection }) => {
      const store = storeOn(connection);
      for (const [at, example] of examples.entries()) {
        await store.insert({ ...example, ...bookkeeping[at], id: idOf(at) });
      }
    },
    read: async ({ connection }, id) => storeOn(connection).findAnywhere(id),
  };
};

/** Returns an example for each value of a field. */
export const each = <T, F extends keyof T>(base: T, field: F, values: readonly T[F][]): readonly T[] =>
  values.map((value) => ({ ...base, [field]: value }));

import { eventually } from '@tidings/testing';
import { expect } from 'vitest';
import { documentKinds } from '../../src/maintenance/document-kinds.ts';
import type { StoredDocument } from '../../src/registry/document-kind.ts';
import { openDatabase, recordsOf } from './registry-agreement.ts';
import type { Site } from './registry-process.ts';

type Kind = (typeof documentKinds)[number]['kind'];
type Records = Awaited<ReturnType<typeof recordsOf>>;
type Entry = Readonly<{ _id: string; kind: string; entity_id: string; version: number }>;

/** Returns the documents of a collection from a site's database. */
export async function documentsOf(site: Site, collection: string): Promise<readonly StoredDocument[]> {
  const { connection } = openDatabase(site);
  await connection.asPromise();
  return connection.collection<StoredDocument>(collection).find({}).toArray();
}

/**
 * Passes when no work remains for any kind of document: every version in MongoDB is the last and newest record of its
 * key, byte for byte; no other record of this registry is on a topic; and the audit log has an entry for each version
 * of each document, and no others.
 */
export async function expectKindsAgree(site: Site): Promise<void> {
  await eventually(
    async () => {
      const topics = [...new Set(documentKinds.map(({ kind }) => kind.topic))];
      const records = new Map(
        await Promise.all(topics.map(async (topic) => [topic, await recordsOf(site, topic)] as const)),
      );
      const versions: string[] = [];
      for (const { kind } of documentKinds) {
        const documents = await documentsOf(site, kind.collection);
        expectOnTopic(kind, documents, records.get(kind.topic) ?? []);
        expectNoOthers(site, { kind, documents, records: records.get(kind.topic) ?? [] });
        versions.push(...documents.flatMap((document) => versionsOf(kind, document)));
      }
      const { connection } = openDatabase(site);
      await connection.asPromise();
      const entries = await connection.collection<Entry>('audit_log').find({}).toArray();
      const published = entries.map(({ kind, entity_id, version }) => `${kind} ${entity_id} ${version}`);
      expect(published.sort()).toEqual(versions.sort());
    },
    { timeoutMs: 30_000 },
  );
}

const versionsOf = ({ name }: Kind, { _id, version }: StoredDocument): string[] =>
  Array.from({ length: version }, (_, before) => `${name} ${_id} ${before + 1}`);

function expectOnTopic(kind: Kind, documents: readonly StoredDocument[], records: Records): void {
  for (const document of documents) {
    expect(document).toMatchObject({ unpublished: false, unaudited: false });
    const own = records.filter(({ key }) => key === `${kind.keyPrefix}${document._id}`);
    const last = own.at(-1);
    const { value } = kind.encode(kind.fromDocument(document));
    expect(last?.value?.toString()).toBe(value?.toString());
    const newest = Math.max(...own.map((record) => kind.recordInfoOf(record).version));
    expect(newest).toBe(document.version);
  }
}

type Topic = Readonly<{ kind: Kind; documents: readonly StoredDocument[]; records: Records }>;

// Other registries of the file use the same topics; their records name another workspace.
function expectNoOthers({ env }: Site, { kind, documents, records }: Topic): void {
  const prefix = kind.keyPrefix;
  const known = new Set(documents.map(({ _id }) => `${prefix}${_id}`));
  const unknownRecords = records.filter(({ key, value }) => {
    if (value === null || key === null || !key.startsWith(prefix) || known.has(key)) return false;
    const { workspaceId, id } = JSON.parse(value.toString()) as Readonly<Record<string, unknown>>;
    return String(workspaceId ?? id).startsWith(env['WORKSPACE_ID'] ?? '');
  });
  expect(unknownRecords.map(({ key }) => key)).toEqual([]);
}

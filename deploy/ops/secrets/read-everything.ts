import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { allTopics, type TopicDefinition } from '../../../packages/contracts/src/index.ts';
import { connectKafka } from '../../../packages/kafka/src/index.ts';
import { silentLogger } from '../../../packages/observability/src/index.ts';

/** Something to look through. */
export type Piece = Readonly<{ source: string; content: Buffer }>;

/** Reads every record of every topic: keys, headers and values. */
export async function readTopics(
  brokers: readonly string[],
  more: readonly TopicDefinition[] = [],
): Promise<readonly Piece[]> {
  const bus = await connectKafka({ brokers, clientId: 'reader', logger: silentLogger });
  const pieces: Piece[] = [];
  for (const topic of [...allTopics, ...more]) {
    const records: Buffer[] = [];
    await bus.readRange({
      topic,
      partitions: [...Array(topic.partitions).keys()],
      from: { timestampMs: 0 },
      service: 'reader',
      onRecord: ({ key, headers, value }) =>
        void records.push(Buffer.from(`${key} ${JSON.stringify(headers)} `), value ?? Buffer.alloc(0)),
    });
    pieces.push({ source: topic.name, content: Buffer.concat(records) });
  }
  await bus.close({ drainMs: 0 });
  return pieces;
}

/** Reads every document of every collection, as its bytes. */
export async function readDocuments(uri: string): Promise<readonly Piece[]> {
  const client = await MongoClient.connect(uri);
  const pieces: Piece[] = [];
  const { databases } = await client.db().admin().listDatabases();
  for (const { name } of databases) {
    for (const collection of await client.db(name).collections()) {
      const documents = (await collection.find({}, { raw: true }).toArray()) as unknown as readonly Buffer[];
      pieces.push({ source: `${name}.${collection.collectionName}`, content: Buffer.concat(documents) });
    }
  }
  await client.close();
  return pieces;
}

/** Reads every file under a folder. */
export const readFiles = (folder: string): readonly Piece[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => ({ source: entry.name, content: readFileSync(join(entry.parentPath, entry.name)) }));

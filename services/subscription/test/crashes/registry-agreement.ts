import { decodeDelivery, decodeSubscription, type SubscriptionRecord, topics } from '@tidings/contracts';
import { connectKafka, type IncomingRecord } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import { eventually, sharedMongodbUri } from '@tidings/testing';
import mongoose from 'mongoose';
import { expect, onTestFinished } from 'vitest';
import type { Site } from './registry-process.ts';

/** A document as stored, read directly from the database. */
type Raw = Readonly<{
  _id: string;
  version: number;
  state: string;
  unpublished: boolean;
  unaudited: boolean;
  test_owed: boolean;
}>;

/** Clients of a test, by the database of its site: a check that is repeated until it passes must not connect each time. */
const clients = new Map<string, ReturnType<typeof openClients>>();

function openClients({ brokers, database }: Site) {
  const connection = mongoose.createConnection(sharedMongodbUri(), { dbName: database });
  const bus = connectKafka({ brokers, clientId: 'test', logger: silentLogger });
  onTestFinished(async () => {
    clients.delete(database);
    await connection.close();
    await (await bus).close();
  });
  return { connection, bus };
}

function clientsOf(site: Site): ReturnType<typeof openClients> {
  const opened = clients.get(site.database) ?? openClients(site);
  clients.set(site.database, opened);
  return opened;
}

/** Returns the current records of a topic, from beginning to end, in the order of each partition. */
export async function recordsOf(
  site: Site,
  topic: (typeof topics)[keyof typeof topics],
): Promise<readonly IncomingRecord[]> {
  const bus = await clientsOf(site).bus;
  const records: IncomingRecord[] = [];
  await bus.readRange({
    topic,
    partitions: Array.from({ length: topic.partitions }, (_, partition) => partition),
    from: { offsets: new Map() },
    service: 'test',
    onRecord: (record) => {
      records.push(record);
    },
  });
  return records;
}

/** Opens the database of a site directly. */
export function openDatabase(site: Site) {
  const { connection } = clientsOf(site);
  const subscriptions = connection.collection<Raw>('subscriptions');
  return {
    subscriptions,
    keys: connection.collection<{ _id: string; claimed_until_ms: number }>('idempotency_keys'),
    connection,
    all: async () => {
      await connection.asPromise();
      return subscriptions.find({}).toArray();
    },
  };
}

/** Returns the newest version of each key, as fan-out, delivery and history hold it; a tombstone removes the key. */
function tableOf(records: readonly IncomingRecord[]): ReadonlyMap<string, SubscriptionRecord> {
  const table = new Map<string, SubscriptionRecord>();
  for (const record of records) {
    const key = record.key ?? '';
    if (record.value === null) {
      table.delete(key);
      continue;
    }
    const found = decodeSubscription(record);
    if (found.version >= (table.get(key)?.version ?? 0)) table.set(key, found);
  }
  return table;
}

/**
 * Passes when no work remains: every version in MongoDB is the last and newest record of its key, readers of the topic
 * hold exactly the registry, and each new subscription has exactly one test in the log.
 */
export async function expectAgreement(site: Site, timeoutMs = 30_000): Promise<void> {
  const { all } = openDatabase(site);
  await eventually(
    async () => {
      const documents = await all();
      const records = await recordsOf(site, topics.subscriptions);
      const own = new Set(documents.map(({ _id }) => _id));
      const table = tableOf(records);
      for (const { _id, version, state, ...marks } of documents) {
        expect(marks).toMatchObject({ unpublished: false, unaudited: false, test_owed: false });
        const last = records.findLast(({ key }) => key === _id);
        if (last === undefined) throw new Error(`${_id} is not on the topic`);
        expect(decodeSubscription(last)).toMatchObject({ version, state });
        expect(table.get(_id)).toMatchObject({ version, state });
      }
      // Other registries of this file use the same topic.
      const mine = [...table.values()].filter(({ workspaceId }) => workspaceId === site.env['WORKSPACE_ID']);
      expect(mine.map(({ id }) => id).filter((id) => !own.has(id))).toEqual([]);
    },
    { timeoutMs },
  );
}

/** Returns the ids of the tests that were queued for a subscription, one per command. */
export async function queuedTests(site: Site, id: string): Promise<readonly string[]> {
  const records = await recordsOf(site, topics.deliveries);
  return records.filter(({ key }) => key === id).map((record) => decodeDelivery(record).state.deliveryId);
}

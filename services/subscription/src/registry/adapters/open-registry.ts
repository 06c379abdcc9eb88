import type { Bus, Producer, Table } from '@tidings/kafka';
import { MongoConnection, MongoIdempotencyStore, mongoTlsOf } from '@tidings/mongodb';
import { measureTls, type ServiceContext } from '@tidings/observability';
import type { configSpec } from '../../config.ts';
import type { metricsCatalogue } from '../../metrics.ts';
import type { DocumentKind } from '../document-kind.ts';
import { type DocumentLocations, type Documents, documentsOf } from '../documents.ts';
import { TopicVersions } from '../domain/topic-versions.ts';
import type { Versioned } from '../domain/versioned.ts';
import type { AuditLog } from '../ports.ts';
import { RegistryPresence } from '../registry-presence.ts';
import { kafkaDocumentTopic, readBack, readCopiesBack } from './kafka-document-topic.ts';
import { MongoAuditLog } from './mongo-audit-log.ts';
import { MongoDocumentStore } from './mongo-document-store.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** An open registry. Its database is configured but need not respond yet. */
export type OpenRegistry = Readonly<{
  mongo: MongoConnection;
  keys: MongoIdempotencyStore;
  audit: AuditLog;
  /** Calls back after each new audit entry. */
  onAudited(listener: () => void): void;
  /** Opens the documents of one kind. */
  documents<T extends Versioned>(
    kind: DocumentKind<T>,
    more?: Pick<DocumentLocations<T>, 'onPurge'>,
  ): Documents<T>;
}>;

const configureMongo = (context: Context): MongoConnection => {
  const { config, logger, health, clock } = context;
  const tls = mongoTlsOf(config);
  measureTls(context, { peer: 'mongodb', expiry: () => tls.expiry });
  return new MongoConnection({
    uri: config.mongodbUri,
    tls,
    database: config.database,
    appName: 'tidings-subscription',
    clock,
    logger,
    health: health.register('mongodb'),
  });
};

/** Opens the registry. `mongo.open()` connects, once everything that prepares the database is registered. */
export function openRegistry(context: Context, producer: Producer): OpenRegistry {
  const { config, logger, metrics, resources, clock } = context;
  const mongo = configureMongo(context);
  const { connection } = mongo;
  let onAudited = (): void => {};
  const audit = new MongoAuditLog(connection, () => onAudited());
  const keys = new MongoIdempotencyStore(connection);
  mongo.beforeUp(async () => audit.createIndexes());
  mongo.beforeUp(async () => keys.createIndexes());
  resources.add('mongodb', async () => mongo.close());
  const presence = new RegistryPresence();
  // Another database, or the same with another disk, may have come in its place.
  mongo.onUp(() => presence.set('unknown'));
  const parts = {
    ...{ audit, presence, clock, logger },
    ...{ metrics: metrics.handles, waitMs: config.publishWaitMs },
  };
  return {
    mongo,
    keys,
    audit,
    onAudited: (listener) => {
      onAudited = listener;
    },
    documents: (kind, more = {}) => {
      const store = new MongoDocumentStore({ kind, connection, logger, metrics: metrics.handles });
      mongo.beforeUp(async () => store.createIndexes());
      const topic = kafkaDocumentTopic(kind, producer);
      const documents = documentsOf(
        {
          kind,
          store,
          topic,
          topicVersions: new TopicVersions(),
          copyVersions: new TopicVersions(),
          ...more,
        },
        parts,
      );
      resources.add(`${kind.name} outbox`, async () => documents.outbox.close());
      return documents;
    },
  };
}

/** Reads the topics of all kinds and that of the copies back and returns one table per topic. */
export async function readTopics(
  bus: Bus,
  kinds: readonly Documents<Versioned>[],
  onSuperseded: (kind: string, id: string) => void,
): Promise<readonly Table<null>[]> {
  const read = kinds.map(({ kind, topicVersions, copyVersions }) => ({
    ...{ kind, topicVersions, copyVersions },
    onSuperseded: (id: string) => onSuperseded(kind.name, id),
  }));
  const topics = [...new Set(kinds.map(({ kind }) => kind.topic))];
  const own = topics.map(async (topic) => readBack(bus, topic, read));
  return Promise.all([...own, readCopiesBack(bus, read)]);
}

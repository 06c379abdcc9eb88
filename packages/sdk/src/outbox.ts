export { createRelay, type Relay, type RelayOptions } from './outbox/create-relay.ts';
export {
  type MongoOutbox,
  type MongoOutboxOptions,
  mongoOutbox,
  type OutboxCollection,
} from './outbox/mongo-outbox.ts';
export type {
  OutboxEntry,
  OutboxStore,
  RefusedEntry,
  RelayOutcome,
  TakenEntries,
} from './outbox/outbox-entry.ts';
export {
  type PostgresClient,
  type PostgresConnection,
  type PostgresOutbox,
  type PostgresOutboxOptions,
  type PostgresPool,
  postgresOutbox,
} from './outbox/postgres-outbox.ts';

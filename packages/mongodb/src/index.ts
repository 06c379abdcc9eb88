export {
  type IndexKeys,
  mongooseSchema,
  plainCollection,
  strictCollection,
} from './collections.ts';
export { atDatabase, isDuplicateKey } from './database-errors.ts';
export { MongoConnection, type MongoOptions } from './mongo-connection.ts';
export { MongoIdempotencyStore } from './mongo-idempotency-store.ts';
export { type MongoTls, mongodbSettings, mongoTlsOf } from './mongodb-settings.ts';
export { insertNew, type OperationHistogram, type TimedOperation, timedOperations } from './operations.ts';

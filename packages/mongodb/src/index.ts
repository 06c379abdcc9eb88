export { atDatabase, isDuplicateKey } from './database-errors.ts';
export { MongoConnection, type MongoOptions } from './mongo-connection.ts';
export { MongoIdempotencyStore } from './mongo-idempotency-store.ts';

export {
  type Broker,
  type Brokers,
  type BrokersOptions,
  recordedBrokerCount,
  startBrokers,
} from './brokers.ts';
export { type JavaTools, prepareJava } from './java-tools.ts';
export type { ProcessEnd } from './managed-process.ts';
export { type Mongo, type MongoOptions, startMongo } from './mongo.ts';
export type { Part } from './part.ts';
export { freePorts } from './ports.ts';

export { DataFolder, type RememberedDemo, type StackSecrets } from './data-folder.ts';
export { runDevStack } from './dev/run-dev-stack.ts';
export { type JavaTools, type PrepareOptions, prepareJava } from './java/java-tools.ts';
export { LocalStack, type LocalStackOptions } from './local-stack.ts';
export type { LocalState } from './local-state.ts';
export { freePorts } from './ports.ts';
export type { ProcessEnd } from './processes/managed-process.ts';
export type { Part } from './processes/part.ts';
export { runLocalStack } from './run-local-stack.ts';
export type { ServiceProcess, ServiceSpec } from './service-parts.ts';
export {
  type Broker,
  type Brokers,
  type BrokersOptions,
  recordedBrokerCount,
  startBrokers,
} from './stores/brokers.ts';
export { type Mongo, type MongoOptions, startMongo } from './stores/mongo.ts';
export type { SecureListener } from './stores/secure-listener.ts';
export { bundledServer, tidingsProcesses } from './tidings-processes.ts';

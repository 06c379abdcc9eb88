import { inject } from 'vitest';

declare module 'vitest' {
  export interface ProvidedContext {
    /** `host:port` of each broker of the stack that the integration tests share. */
    brokers: string[];
    /** URI of the embedded MongoDB of that stack, without a database name. */
    mongodbUri: string;
  }
}

/** `host:port` of each broker that the set-up of the integration tests has started, with every topic created. */
export const sharedBrokers = (): readonly string[] => inject('brokers');

/** URI of the embedded MongoDB that the set-up of the integration tests has started, without a database name. */
export const sharedMongodbUri = (): string => inject('mongodbUri');

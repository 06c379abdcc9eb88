import { inject } from 'vitest';

declare module 'vitest' {
  export interface ProvidedContext {
    /**
     * Brokers of the first stack: for packages/kafka, which cannot import this and uses unique topic and group names.
     */
    brokers: string[];
    /**
     * Stacks of the integration tests, one for each worker: `brokers` as `host:port`, the URI without a database name.
     */
    stacks: { brokers: string[]; mongodbUri: string }[];
  }
}

/** Returns the stack of the worker that runs this file; workers are numbered from 1. */
function ownStack(): Readonly<{ brokers: readonly string[]; mongodbUri: string }> {
  const stacks = inject('stacks');
  const stack = stacks[Number(process.env['VITEST_POOL_ID']) - 1];
  if (stack === undefined)
    throw new Error(`worker ${process.env['VITEST_POOL_ID']} of ${stacks.length} has no stack`);
  return stack;
}

/**
 * Returns `host:port` of each broker that the set-up of the integration tests has started for this file's worker. The
 * brokers have every topic.
 */
export const sharedBrokers = (): readonly string[] => ownStack().brokers;

/**
 * Returns the URI of the embedded MongoDB that the set-up has started for this file's worker, without a database name.
 */
export const sharedMongodbUri = (): string => ownStack().mongodbUri;

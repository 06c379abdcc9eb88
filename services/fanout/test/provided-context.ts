declare module 'vitest' {
  interface ProvidedContext {
    /** What the set-up of the integration tests has started. */
    brokers: string[];
    mongodbUri: string;
  }
}

export type { ProvidedContext } from 'vitest';

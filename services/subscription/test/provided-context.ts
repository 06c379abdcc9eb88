declare module 'vitest' {
  export interface ProvidedContext {
    brokers: string[];
    mongodbUri: string;
  }
}

export type { ProvidedContext } from 'vitest';

import type { Answer, Service } from './domain/service-state.ts';

/** Asks a service how it is. Never rejects: no answer is an answer too. */
export type AskService = (service: Service) => Promise<Answer>;

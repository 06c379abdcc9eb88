import type { ApiDescription } from '@tidings/http';
import type { Answer, Service } from './domain/service-state.ts';

/** Asks a service how it is. Never rejects: no answer is an answer too. */
export type FetchReadiness = (service: Service) => Promise<Answer>;

/** Asks a service what it answers under /v1; null when it does not say. Never rejects. */
export type FetchDescription = (service: Service) => Promise<ApiDescription | null>;

import type { ApiDescription } from '@tidings/http';
import type { Answer, Service } from './domain/service-state.ts';

/** Fetches the readiness of a service. Never rejects: an absent response is a result too. */
export type FetchReadiness = (service: Service) => Promise<Answer>;

/** Fetches the description of a service's /v1 routes; null if it is unavailable. Never rejects. */
export type FetchDescription = (service: Service) => Promise<ApiDescription | null>;

import type { ApiDescription } from '@tidings/http';
import type { FetchDescription } from '../ports.ts';

/** Fetches GET /v1/openapi.json within `timeoutMs`. */
export function fetchDescription(timeoutMs: number): FetchDescription {
  return async ({ url }) => {
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(`${url}/v1/openapi.json`, { signal, redirect: 'error' });
      const body: unknown = await response.json();
      return response.ok && isDescription(body) ? body : null;
    } catch {
      // The service is down or starting: the description lists its part as missing.
      return null;
    }
  };
}

const isDescription = (body: unknown): body is ApiDescription =>
  typeof body === 'object' && body !== null && 'paths' in body && 'components' in body;

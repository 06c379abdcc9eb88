import { messageOf } from '@tidings/runtime';
import type { Answer, ServicePart } from '../domain/service-state.ts';
import type { FetchReadiness } from '../ports.ts';

/** Fetches GET /ready within `timeoutMs`. */
export function fetchReadiness(timeoutMs: number): FetchReadiness {
  return async ({ url }): Promise<Answer> => {
    const beganMs = performance.now();
    try {
      const response = await fetch(`${url}/ready`, {
        signal: AbortSignal.timeout(timeoutMs),
        redirect: 'error',
      });
      const body: unknown = await response.json();
      const tookMs = Math.round(performance.now() - beganMs);
      return { kind: 'answered', ready: response.status === 200, parts: partsOf(body), tookMs };
    } catch (error) {
      return { kind: 'no-answer', reason: reasonOf(error, timeoutMs) };
    }
  };
}

// The message `fetch failed` is generic: the cause holds the reason.
function reasonOf(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  if (error instanceof SyntaxError) return 'what answers there is not a service of Tidings';
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  // A host name with several addresses fails with an AggregateError, which has a code and no message.
  const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined;
  return messageOf(cause) || String(code ?? 'no connection');
}

function partsOf(body: unknown): ServicePart[] {
  const parts: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'parts') : undefined;
  return Array.isArray(parts) ? parts.map(partOf) : [];
}

function partOf(part: unknown): ServicePart {
  const field = (name: string): unknown =>
    typeof part === 'object' && part !== null ? Reflect.get(part, name) : undefined;
  const reason = field('reason');
  return {
    name: String(field('name') ?? 'unknown'),
    state: String(field('state') ?? 'unknown'),
    ...(typeof reason === 'string' ? { reason } : {}),
  };
}

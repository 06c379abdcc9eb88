import { sessionHeader } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import { sessionMark } from '../domain/session.ts';
import type { AskInstance, FetchIdentity, Identity } from '../ports.ts';

const timeoutMs = 5_000;

/** Asks the subscription service: `ask` gives the URLs of its instances. */
export function fetchIdentity(ask: AskInstance): FetchIdentity {
  return async (credential, { address, traceparent, session }) => {
    const headers = {
      authorization: `Bearer ${credential}`,
      'x-forwarded-for': address,
      traceparent,
      ...(session !== undefined && { [sessionHeader]: sessionMark(session) }),
    };
    const response = await ask(async (url) =>
      fetch(`${url}/v1/webhooks/identity`, {
        headers,
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      }),
    ).catch((cause: unknown) => {
      throw unavailable(cause);
    });
    if (response.ok) return (await response.json()) as Identity;
    await response.body?.cancel();
    if (response.status === 401) {
      const message = 'The key or token is not known, has expired or was revoked.';
      throw new AppError({ code: 'unauthorized', message });
    }
    if (response.status === 429) {
      const retryAfterMs = Number(response.headers.get('retry-after') ?? 60) * 1_000;
      const message = 'Too many wrong keys have come from this address. Wait a minute and try again.';
      throw new AppError({ code: 'rate-limited', message, retryAfterMs });
    }
    throw unavailable(new Error(`the subscription service answered ${response.status}`));
  };
}

function unavailable(cause: unknown): AppError {
  const message =
    'The key cannot be checked now: the subscription service does not answer. Try again in a moment.';
  return new AppError({ code: 'unavailable', message, isPublic: true, cause });
}

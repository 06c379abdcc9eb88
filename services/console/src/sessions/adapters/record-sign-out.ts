import { sessionHeader } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import { sessionMark } from '../domain/session.ts';
import type { AskInstance, RecordSignOut } from '../ports.ts';

const timeoutMs = 5_000;

/** Tells the subscription service, which tells all services. `ask` gives the URLs of its instances. */
export function recordSignOut(ask: AskInstance): RecordSignOut {
  return async (session, { everywhere, address, traceparent }) => {
    const sent = {
      method: 'POST',
      headers: {
        authorization: `Bearer ${session.credential}`,
        'content-type': 'application/json',
        'x-forwarded-for': address,
        [sessionHeader]: sessionMark(session),
        traceparent,
      },
      body: JSON.stringify({ ends: everywhere ? 'all' : 'session' }),
    };
    // A session that ends twice has ended.
    const response = await ask(async (url) =>
      fetch(`${url}/v1/webhooks/identity/sign-out`, {
        ...sent,
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      }),
    ).catch((cause: unknown) => {
      throw notRecorded(cause);
    });
    await response.body?.cancel();
    // 401: what should end has ended already.
    if (response.ok || response.status === 401) return;
    throw notRecorded(new Error(`the subscription service answered ${response.status}`));
  };
}

function notRecorded(cause: unknown): AppError {
  const message =
    'You are signed out in this browser. That the session is over could not be recorded, because the subscription service does not answer: a copy of the cookie works at other instances of the console until the session ends by itself. Revoke the key if somebody else may have one.';
  return new AppError({ code: 'unavailable', message, isPublic: true, cause });
}

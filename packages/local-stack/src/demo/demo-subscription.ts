import { messageOf } from '@tidings/runtime';

import type { RememberedDemo } from '../data-folder.ts';

const timeoutMs = 10_000;

/** The demo subscription, or the reason for its absence as a sentence for the terminal. */
export type DemoOutcome =
  | Readonly<{ kind: 'ready'; demo: RememberedDemo; isNew: boolean }>
  | Readonly<{ kind: 'refused'; reason: string }>;

/**
 * Ensures that one subscription for `demo.*` points at the inbox: reuses that of an earlier start if it still exists,
 * else creates one. Never throws: the stack works without the demo.
 */
export async function ensureDemoSubscription(options: {
  apiUrl: string;
  adminKey: string;
  endpointUrl: string;
  /** The address of the inbox that fails: the first steps in the console point the subscription there. */
  brokenUrl: string;
  remembered: RememberedDemo | null;
}): Promise<DemoOutcome> {
  const { apiUrl, adminKey, endpointUrl, brokenUrl, remembered } = options;
  const path = `${apiUrl}/v1/webhooks/subscriptions`;
  const headers = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
  try {
    if (remembered !== null) {
      const one = `${path}/${encodeURIComponent(remembered.subscriptionId)}`;
      const found = await fetch(one, { headers, signal: AbortSignal.timeout(timeoutMs) });
      if (found.ok && remembered.endpointUrl === endpointUrl) {
        const { endpoint_url } = (await found.json()) as Readonly<{ endpoint_url?: unknown }>;
        // The stack was stopped between breaking and mending.
        if (endpoint_url === brokenUrl) {
          const body = JSON.stringify({ endpoint_url: endpointUrl });
          await fetch(one, { method: 'PATCH', headers, body, signal: AbortSignal.timeout(timeoutMs) });
        }
        return { kind: 'ready', demo: remembered, isNew: false };
      }
      // The ports have changed: the old subscription would only collect failures.
      if (found.ok) await fetch(one, { method: 'DELETE', headers, signal: AbortSignal.timeout(timeoutMs) });
    }
    const response = await fetch(path, {
      method: 'POST',
      headers,
      body: JSON.stringify({
        endpoint_url: endpointUrl,
        events: ['demo.*'],
        description: 'Demo inbox of the local stack',
        // The inbox cannot verify a signature before it has the secret from this response.
        send_test: false,
      }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    if (response.status !== 201)
      return { kind: 'refused', reason: `${response.status} ${text.slice(0, 400)}` };
    const { id, secret } = Object(JSON.parse(text)) as Record<string, unknown>;
    if (typeof id !== 'string' || typeof secret !== 'string') {
      return { kind: 'refused', reason: 'the answer has no id and secret' };
    }
    return { kind: 'ready', demo: { subscriptionId: id, secret, endpointUrl }, isNew: true };
  } catch (error) {
    return { kind: 'refused', reason: messageOf(error) };
  }
}

/** Returns the command that sends one webhook to the demo inbox. */
export function demoCurl(apiUrl: string, adminKey: string): string {
  const data = '{"type":"demo.hello","data":{"greeting":"Hello from Tidings"}}';
  return `curl -sS -w '\\n' ${apiUrl}/v1/events -H 'Authorization: Bearer ${adminKey}' -H 'Content-Type: application/json' -d '${data}'`;
}

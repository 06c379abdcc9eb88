import type { IncomingMessage, RequestListener } from 'node:http';
import { aService, aConsole as startedConsole } from './a-console.ts';

const identities: Readonly<Record<string, object>> = {
  'operator-key': { key_id: 'key_1', workspace_id: 'ws', consumer_id: null, scopes: ['admin'] },
  'acme-token': { key_id: 'tok_1', workspace_id: 'ws', consumer_id: 'acme', scopes: ['deliveries:read'] },
};

/**
 * Starts a console in front of an API that knows two credentials, and records what reaches it. `answers` answers a
 * request itself if it returns true.
 */
export async function aConsole(
  extra: Readonly<Record<string, string>> = {},
  answers: (...given: Parameters<RequestListener>) => boolean = () => false,
) {
  const seen: IncomingMessage[] = [];
  const api: RequestListener = (request, response) => {
    seen.push(request);
    if (answers(request, response)) return;
    request.resume();
    const credential = request.headers.authorization?.replace('Bearer ', '') ?? '';
    const identity = identities[credential];
    if (request.url === '/v1/webhooks/identity') response.statusCode = identity === undefined ? 401 : 200;
    response.end(JSON.stringify(identity ?? {}));
  };
  const service = await aService(api);
  const running = await startedConsole({ subscription: service, history: service }, extra);
  const post = async (entry: string, body: object, headers: Record<string, string> = {}) =>
    fetch(`${running.url}/session/${entry}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', ...headers },
      body: JSON.stringify(body),
    });
  const signIn = async (entry = 'operator', body: object = { key: 'operator-key' }) => {
    const response = await post(entry, body);
    const session = (await response.json()) as Readonly<{ csrf: string }>;
    return { csrf: session.csrf, cookie: response.headers.getSetCookie()[0]?.split(';')[0] ?? '' };
  };
  const call = async (path: string, init: RequestInit & Readonly<{ headers: Record<string, string> }>) =>
    fetch(running.url + path, { ...init, headers: { 'sec-fetch-site': 'same-origin', ...init.headers } });
  return { ...running, seen, post, signIn, call };
}

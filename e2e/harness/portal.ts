import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startReceiver } from '@tidings/testing';
import { onTestFinished } from 'vitest';
import { Caller } from './caller.ts';
import { inOwnWorkspace, sharedTidings } from './shared-tidings.ts';
import type { LocalStack } from './tidings.ts';

// In names and answers of partners: markup, and a character that changes the direction.
const hostile = '<img src=x onerror="document.title=1">\u202egnp';

/** A workspace with two consumers, acme and globex, each with a delivery that failed, and links to their portals. */
export type PortalParties = Readonly<{
  local: LocalStack;
  api: Caller;
  /** Creates a link to the portal of acme, unless `body` says otherwise. */
  aLink: (body?: object) => Promise<Readonly<{ url: string; token: string }>>;
  /** Serves a page that frames the portal and hands over tokens, as long as there are any. Returns its URL. */
  aParent: (tokens: readonly string[], host: string) => Promise<string>;
  close: () => Promise<void>;
}>;

/** Creates the workspace, with an endpoint that answers 500. */
export async function portalParties(workspaceId: string): Promise<PortalParties> {
  const local = await inOwnWorkspace(await sharedTidings(), workspaceId);
  const api = new Caller(local.url, local.admin_key);
  const endpoint = await startReceiver({ answer: { status: 500, body: hostile } });
  for (const [consumer, events] of [
    ['acme', ['order.*']],
    ['globex', ['invoice.*']],
  ] as const) {
    await api.call('POST', '/webhooks/subscriptions', {
      ...{ endpoint_url: `${endpoint.url}/${consumer}`, events, consumer_id: consumer },
      ...{ description: consumer === 'acme' ? `Orders ${hostile}` : 'Invoices', retry_schedule: [0, 86_400] },
      send_test: false,
    });
  }
  for (const type of ['order.paid', 'invoice.sent']) await api.call('POST', '/events', { type, data: {} });
  await api.list('/webhooks/deliveries?status=retrying', 2);
  return {
    local,
    api,
    aLink: async (body = {}) => api.call('POST', '/webhooks/portal-links', { consumer_id: 'acme', ...body }),
    aParent: async (tokens, host) => servePage(parentOf(local.url, tokens), host),
    close: async () => endpoint.close(),
  };
}

const parentOf = (url: string, tokens: readonly string[]): string => `<title>Parent</title><script>
const tokens = ${JSON.stringify(tokens)};
window.messages = [];
addEventListener('message', ({ data, source }) => {
  messages.push(data.type);
  const token = tokens.shift();
  if (token !== undefined) source.postMessage({ type: 'tidings-portal:token', token }, '${url}');
});</script>
<iframe src="${url}/portal" title="Portal" style="width:900px;height:600px"></iframe>`;

async function servePage(html: string, host: string): Promise<string> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://${host}:${(server.address() as AddressInfo).port}/`;
}

/** Starts the example of docs/portal.md for a stack, on another site than the portal: localhost, not 127.0.0.1. */
export async function startPortalExample(
  local: LocalStack,
): Promise<Readonly<{ url: string; close: () => Promise<void> }>> {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-portal-'));
  await writeFile(join(folder, 'local.json'), JSON.stringify(local));
  const file = fileURLToPath(new URL('../../examples/embed-portal.mjs', import.meta.url));
  const env = { ...process.env, TIDINGS_DATA: folder, PORT: '0' };
  const example = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(example.stdout, 'data')) as [Buffer];
  const close = async () => {
    example.kill();
    await rm(folder, { recursive: true });
  };
  return { url: line.toString().trim(), close };
}

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anInstalled, anInstalledOnline, chainsProgram, pack, removeFolders, run } from './install-packed.ts';

// deploy/ops/node-tests.mjs installs the programs.
const programs = process.env['TEST_NODES']?.split(',');
if (programs === undefined) throw new Error('TEST_NODES is not set: run npm run test:ops.');

const program = `
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import {
  aSignedDelivery, createClient, generateKeyPair, memoryDedupe, TidingsError, webhookMiddleware, webhookOf,
} from '@tidings/sdk';
import { createRelay } from '@tidings/sdk/outbox';
import { webhookHandler } from '@tidings/sdk/web';

const { secret, publicKey } = generateKeyPair();
const delivery = aSignedDelivery({ secret, event: { type: 'order.paid', data: { order: 17 } } });
const trust = { publicKeys: [publicKey] };
const verified = webhookMiddleware({ ...trust, dedupe: memoryDedupe() });
let requests = 0;
const server = createServer((request, response) => {
  if (request.url === '/hooks') {
    return verified(request, response, () => response.end(webhookOf(request).event.type));
  }
  requests += 1;
  if (requests === 1) return response.writeHead(503, { 'retry-after': '0' }).end('{}');
  const accepted = { status: 202, id: 'evt_1', type: 'a.b', accepted_at: '2026-01-01T00:00:00Z' };
  return response.writeHead(202).end(JSON.stringify(request.url.endsWith('batch') ? { results: [accepted] } : accepted));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = 'http://127.0.0.1:' + server.address().port;

const tidings = createClient({ url, apiKey: 'key_x' });
const entries = [{ id: 'evt_1', orderingKey: null, event: '{"id":"evt_1","type":"a.b","dataJson":"1"}' }];
const outcomes = [];
const taken = { entries, finish: async (outcome) => void outcomes.push(outcome), abandon: async () => {} };
const relay = createRelay({ outbox: { take: async () => taken }, tidings });

const post = { method: 'POST', headers: delivery.headers, body: delivery.body };
const hook = async () => (await fetch(url + '/hooks', post)).text();
const handle = webhookHandler(trust, ({ event }) => new Response(event.type));
console.log(JSON.stringify({
  published: (await tidings.publish({ type: 'a.b', data: 1 })).id,
  relayed: [await relay.runOnce(), outcomes],
  hooks: [await hook(), await hook()],
  web: await (await handle(new Request('https://x.example/', post))).text(),
  isOneInstance: createRequire(import.meta.url)('@tidings/sdk').TidingsError === TidingsError,
}));
server.closeAllConnections();
server.close();
`;

afterAll(removeFolders);

describe('@tidings/sdk, packed', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await anInstalled(await pack('sdk'));
    writeFileSync(join(folder, 'program.mjs'), program);
  }, 180_000);

  it.each(programs)('publishes and receives with %s', async (node) => {
    const { stdout: version } = await run(node, ['--version']);
    expect(version).toMatch(/^v2\d\./);
    const { stdout } = await run(node, ['program.mjs'], { cwd: folder });
    expect(JSON.parse(stdout)).toEqual({
      published: 'evt_1',
      relayed: [1, [{ sent: ['evt_1'], refused: [] }]],
      hooks: ['order.paid', '{"duplicate":true}'],
      web: 'order.paid',
      isOneInstance: true,
    });
  });
});

describe('@tidings/chains, packed', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await anInstalledOnline(await pack('chains'));
    writeFileSync(join(folder, 'program.mjs'), chainsProgram);
  }, 180_000);

  it.each(programs)('declares the steps of a worker with %s', async (node) => {
    const { stdout } = await run(node, ['program.mjs'], { cwd: folder });
    expect(stdout.trim()).toBe('true');
  });
});

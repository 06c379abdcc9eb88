import { subscriptionId, workspaceId } from '@tidings/contracts';
import { answered } from '@tidings/testing/messages';
import { expect, it } from 'vitest';
import { serveInMemory } from '../../../test/memory/in-memory-api.ts';
import { publishedOn } from '../../../test/memory/in-memory-registry.ts';
import { aBody, pointersOf } from '../../../test/registry-api.ts';
import type { OutgoingRequest } from '../ports.ts';

const secret_headers = { Authorization: 'Bearer hush-1', 'X-Api-Key': 'hush-2' };

async function withSecretHeaders() {
  const served = await serveInMemory();
  const { body } = await served.call('POST', '', { body: aBody({ secret_headers }) });
  const owner = { workspaceId: workspaceId('ws_own'), subscriptionId: subscriptionId(body.id) };
  const opened = (): Record<string, string> =>
    Object.fromEntries(
      (publishedOn(served.bus).at(-1)?.secretHeaders ?? []).map((header) => [
        header.name,
        served.secretFactory.openHeader(owner, header),
      ]),
    );
  const patch = async (change: object) => served.call('PATCH', `/${body.id}`, { body: change });
  return { ...served, body, opened, patch };
}

it('are stored and published sealed, and shown as set', async () => {
  const { call, bus, body, opened, logger } = await withSecretHeaders();
  expect(body.secret_headers).toEqual({ Authorization: true, 'X-Api-Key': true });
  const shown = [body, await call('GET', `/${body.id}`), publishedOn(bus), logger.lines];
  expect(JSON.stringify(shown)).not.toContain('hush');
  expect(opened()).toEqual(secret_headers);
});

it('change individually: a value replaces, null removes, true and absence keep', async () => {
  const { patch, opened } = await withSecretHeaders();
  const second = await patch({ secret_headers: { authorization: 'Bearer hush-3', 'X-Api-Key': true } });
  expect(second.body).toMatchObject({ version: 2, secret_headers: { authorization: true } });
  expect(opened()).toEqual({ authorization: 'Bearer hush-3', 'X-Api-Key': 'hush-2' });
  const third = await patch({ secret_headers: { 'X-Api-Key': null, 'X-New': 'hush-4' } });
  expect(third.body.version).toBe(3);
  expect(opened()).toEqual({ authorization: 'Bearer hush-3', 'X-New': 'hush-4' });
});

it('create no version if the value is unchanged', async () => {
  const { patch } = await withSecretHeaders();
  expect((await patch({ secret_headers })).body.version).toBe(1);
  expect((await patch({ secret_headers: { Authorization: true } })).body.version).toBe(1);
});

it('are not sent to another origin unless the request says so', async () => {
  const { patch, opened } = await withSecretHeaders();
  const elsewhere = { endpoint_url: 'https://thief.example/hook' };
  const refused = await patch({ ...elsewhere, secret_headers: { Authorization: true } });
  expect([refused.status, pointersOf(refused)]).toEqual([
    422,
    ['/secret_headers/Authorization', '/secret_headers/X-Api-Key'],
  ]);
  const stated = { Authorization: 'Bearer hush-1', 'X-Api-Key': null };
  expect((await patch({ ...elsewhere, secret_headers: stated })).status).toBe(200);
  expect(opened()).toEqual({ Authorization: 'Bearer hush-1' });
  expect((await patch({ endpoint_url: 'https://thief.example/other' })).status).toBe(200);
});

it("and plain ones can have names of JavaScript's own properties, and are sent with them", async () => {
  const sent: OutgoingRequest[] = [];
  const { call } = await serveInMemory({
    send: async (request) => {
      sent.push(request);
      return answered(204);
    },
  });
  const body = `{"endpoint_url":"https://partner.example/","events":["a"],
    "headers":{"__proto__":"p","valueOf":"v"},"secret_headers":{"constructor":"c"}}`;
  const { body: made } = await call('POST', '', { body });
  const { body: shown } = await call('GET', `/${made.id}`);
  expect(Object.entries(Object(shown)['headers'] as object)).toEqual([
    ['__proto__', 'p'],
    ['valueOf', 'v'],
  ]);
  await call('POST', `/${made.id}/test`);
  const names = Object.entries(sent[0]?.headers ?? {});
  expect(names).toEqual(
    expect.arrayContaining([
      ['__proto__', 'p'],
      ['valueof', 'v'],
      ['constructor', 'c'],
    ]),
  );
});

it('are sent with a test, and are removed from registry and topic when the subscription is deleted', async () => {
  const sent: OutgoingRequest[] = [];
  const { call, bus } = await serveInMemory({
    send: async (request) => {
      sent.push(request);
      return answered(204);
    },
  });
  const { body } = await call('POST', '', { body: aBody({ secret_headers }) });
  await call('POST', `/${body.id}/test`);
  expect(sent[0]?.headers).toMatchObject({ authorization: 'Bearer hush-1', 'x-api-key': 'hush-2' });
  await call('DELETE', `/${body.id}`);
  expect(publishedOn(bus).at(-1)).toMatchObject({ state: 'deleted', secretHeaders: [] });
});

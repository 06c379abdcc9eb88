import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aFolder, anApi, run } from '../cli-under-test.ts';
import { findTarget } from './find-target.ts';

describe('the URL and key of the API', () => {
  const belowStack = (url: string): string => {
    const local = JSON.stringify({ url, admin_key: 'local-key' });
    return join(aFolder({ '.tidings/local.json': local, 'below/file': '' }), 'below');
  };

  it('are those of the local stack of this folder or a parent if none is set', async () => {
    const { url, requests } = await anApi();
    expect((await run(['subscriptions', 'get', 'sub_1'], { folder: belowStack(url) })).code).toBe(0);
    expect(requests[0]?.headers['authorization']).toBe('Bearer local-key');
  });

  it('are those of the stack on the folder TIDINGS_DATA, before one of this folder', async () => {
    const { url, requests } = await anApi();
    const data = aFolder({ 'own/local.json': JSON.stringify({ url, admin_key: 'own-key' }) });
    const folder = belowStack('http://127.0.0.1:1');
    for (const [place, given] of [
      [folder, join(data, 'own')],
      [data, 'own'],
    ] as const) {
      const env = { TIDINGS_DATA: given };
      expect((await run(['subscriptions', 'get', 'sub_1'], { env, folder: place })).code).toBe(0);
    }
    expect(requests.map(({ headers }) => headers['authorization'])).toEqual([
      'Bearer own-key',
      'Bearer own-key',
    ]);
  });

  it('are of no other stack if none runs on TIDINGS_DATA', async () => {
    const { url, requests } = await anApi();
    const env = { TIDINGS_DATA: '/no/such/folder' };
    const result = await run(['subscriptions', 'get', 'sub_1'], { env, folder: belowStack(url) });
    expect(result).toMatchObject({
      code: 4,
      err: expect.stringContaining('No local stack runs on TIDINGS_DATA=/no/such/folder') as string,
    });
    expect(requests).toEqual([]);
  });

  it('never send the key of the local stack to another URL', async () => {
    const { url, requests } = await anApi();
    const elsewhere = await run(['subscriptions', 'list', '--url', url], {
      folder: belowStack('http://127.0.0.1:1'),
    });
    expect(elsewhere).toMatchObject({
      code: 4,
      err: expect.stringContaining('Set TIDINGS_API_KEY') as string,
    });
    expect(requests).toEqual([]);
  });

  it('may have letters beyond ASCII in the host, even when checked often enough to be optimised', () => {
    const env = { TIDINGS_API_KEY: 'a-key' };
    const found = new Set<string>();
    const urls = ['https://bücher.example', 'https://é.example'];
    for (let count = 0; count < 30_000; count += 1) {
      found.add(findTarget({ url: urls[count % urls.length], env, folder: '/' }).url);
    }
    expect([...found]).toEqual(urls);
  });

  it('are requested with exit code 4 if there are none', async () => {
    const { code, err } = await run(['subscriptions', 'list'], {});
    expect(code).toBe(4);
    for (const way of ['TIDINGS_URL and TIDINGS_API_KEY', 'npm start', '--data DIR', 'TIDINGS_DATA=DIR']) {
      expect(err).toContain(way);
    }
  });
});

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
    expect(await run(['subscriptions', 'list'], {})).toMatchObject({
      code: 4,
      err: expect.stringContaining('npm start') as string,
    });
  });
});

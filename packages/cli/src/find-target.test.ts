import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anApi, run } from './cli-under-test.ts';

describe('where the API is', () => {
  const aFolder = (url: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'tidings-cli-'));
    mkdirSync(join(folder, '.tidings'));
    mkdirSync(join(folder, 'below'));
    writeFileSync(join(folder, '.tidings', 'local.json'), JSON.stringify({ url, admin_key: 'local-key' }));
    return join(folder, 'below');
  };

  it('the local stack of this folder or one above it, when nothing is set', async () => {
    const { url, requests } = await anApi();
    expect((await run(['subscriptions', 'get', 'sub_1'], { folder: aFolder(url) })).code).toBe(0);
    expect(requests[0]?.headers['authorization']).toBe('Bearer local-key');
  });

  it('never sends the key of the local stack anywhere else', async () => {
    const { url, requests } = await anApi();
    const elsewhere = await run(['subscriptions', 'list', '--url', url], {
      folder: aFolder('http://127.0.0.1:1'),
    });
    expect(elsewhere).toMatchObject({
      code: 4,
      err: expect.stringContaining('Set TIDINGS_API_KEY') as string,
    });
    expect(requests).toEqual([]);
  });

  it('is asked for when there is none', async () => {
    expect(await run(['subscriptions', 'list'], {})).toMatchObject({
      code: 4,
      err: expect.stringContaining('npm start') as string,
    });
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { createApp, listen } from '@tidings/http';
import { createMetrics } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { Health } from '@tidings/runtime';
import { expect, it, onTestFinished } from 'vitest';
import { configSpec } from '../../config.ts';
import { readWebFiles } from './web-files.ts';
import { mountWebRoutes } from './web-routes.ts';

const files = {
  'index.html': '<p>operator</p>',
  'portal.html': '<p>portal</p>',
  'assets/index-Cx3.js': 'const long = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"',
};

function aBuild(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-web-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, 'assets'));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(text));
    writeFileSync(join(folder, `${name}.gz`), gzipSync(text));
  }
  writeFileSync(join(folder, 'manifest.json'), '{}');
  return folder;
}

async function aServer(portalOrigins: readonly string[] = [], folder = aBuild()): Promise<string> {
  const logger = recordingLogger();
  const metrics = createMetrics({}, { service: 'console' });
  const app = createApp({
    service: 'console',
    logger,
    metrics,
    health: new Health(),
    routes: (mounted) => mountWebRoutes(mounted, { read: () => readWebFiles(folder), portalOrigins }),
  });
  const listening = await listen(app, { host: '127.0.0.1', port: 0, logger });
  onTestFinished(async () => listening.close(0));
  return listening.url;
}

const asDocument = { accept: 'text/html,*/*', 'sec-fetch-dest': 'document' };

it('returns the page of the operator for every path of a document, and that of the portal below /portal', async () => {
  const url = await aServer();
  for (const path of ['/', '/deliveries/dlv_1', '/portalx']) {
    expect(await (await fetch(url + path, { headers: asDocument })).text()).toBe('<p>operator</p>');
  }
  for (const path of ['/portal', '/portal/deliveries?status=failed']) {
    expect(await (await fetch(url + path, { headers: asDocument })).text()).toBe('<p>portal</p>');
  }
  expect(await (await fetch(url)).text()).toBe('<p>operator</p>');
});

it.each([
  ['/deliveries', {}],
  ['/assets/other.js', {}],
  ['/assets/..%2findex.html', {}],
  ['/index.html', {}],
  ['/manifest.json', {}],
  ['/v1/deliveries', asDocument],
  ['/session/other', asDocument],
])('has nothing at %s', async (path, headers) => {
  const response = await fetch((await aServer()) + path, { headers });
  expect(response.status).toBe(404);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
});

it('allows scripts and requests of its own origin only, and frames around the portal from listed origins only', async () => {
  const url = await aServer(['https://app.example.com']);
  const page = await fetch(url);
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
  expect(policy).not.toContain('unsafe');
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toContain("require-trusted-types-for 'script'");
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  expect(page.headers.get('cache-control')).toBe('no-cache');
  const portal = await fetch(`${url}/portal`);
  expect(portal.headers.get('content-security-policy')).toContain('frame-ancestors https://app.example.com;');
});

it.each(['https://app.example.com', 'http://localhost:3000', 'https://*.example.com', 'http://localhost:*'])(
  'accepts %s as an origin around the portal',
  (origin) => expect(configSpec.portalOrigins.read(origin)).toEqual({ ok: true, value: [origin] }),
);

it.each(['*', 'app.example.com', 'https://a.example; script-src *', "'self'", 'https://a.example/x'])(
  'does not accept %s as an origin around the portal',
  (origin) => expect(configSpec.portalOrigins.read(origin).ok).toBe(false),
);

it('sends hashed files in the encoding that the browser takes, to be kept for a year', async () => {
  const url = await aServer();
  const encodingFor = async (accepted: string) => {
    const response = await fetch(`${url}/assets/index-Cx3.js`, { headers: { 'accept-encoding': accepted } });
    expect(await response.text()).toBe(files['assets/index-Cx3.js']);
    expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(response.headers.get('vary')).toBe('accept-encoding');
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8');
    return response.headers.get('content-encoding');
  };
  expect(await encodingFor('gzip, deflate, br')).toBe('br');
  expect(await encodingFor('gzip;q=1.0, br;q=0')).toBe('gzip');
  expect(await encodingFor('identity')).toBeNull();
});

it('says how to build when nothing has been built, and finds a later build', async () => {
  const folder = aBuild();
  const moved = `${folder}-later`;
  const url = await aServer([], moved);
  const response = await fetch(url);
  expect(response.status).toBe(503);
  expect(await response.text()).toContain('npm run build');
  mkdirSync(moved);
  onTestFinished(() => rmSync(moved, { recursive: true }));
  writeFileSync(join(moved, 'index.html'), 'built');
  expect(await (await fetch(url)).text()).toBe('built');
});

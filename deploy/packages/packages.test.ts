import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type * as Sdk from '../../packages/sdk/src/index.ts';
import {
  aFolder,
  anInstalled,
  anUnpacked,
  chainsProgram,
  type Manifest,
  npm,
  pack,
  readManifest,
  removeFolders,
  root,
  run,
} from './install-packed.ts';

// Packs the published packages as `pnpm publish` does and uses them in a folder outside this repository.

async function node(folder: string, file: string, source: string): Promise<string> {
  writeFileSync(join(folder, file), source);
  return (await run(process.execPath, [file], { cwd: folder })).stdout.trim();
}

// Uses this repository's compiler and Node types, which an empty folder cannot have without a registry.
async function compile(folder: string, source: string, platform: 'node' | 'web' = 'node'): Promise<void> {
  writeFileSync(join(folder, 'program.ts'), source);
  const compilerOptions = {
    module: 'nodenext',
    moduleResolution: 'nodenext',
    target: 'es2023',
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    ...(platform === 'node' ? { types: ['node'] } : { types: [], lib: ['es2023', 'dom'] }),
    typeRoots: [join(root, 'node_modules/@types')],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '-p', '.'], { cwd: folder }).catch((error: { stdout: string }) => {
    throw new Error(error.stdout);
  });
}

const dependenciesOf: Readonly<Record<string, readonly string[]>> = {
  signing: [],
  sdk: [],
  cli: ['commander'],
  chains: ['@opentelemetry/api', 'ajv', 'ajv-formats', 'lz4-napi', 'pino', 'prom-client'],
};
const packed: Record<string, string> = {};
beforeAll(async () => {
  for (const name of Object.keys(dependenciesOf)) packed[name] = await pack(name);
}, 180_000);
afterAll(removeFolders);

const installed = async (...names: string[]): Promise<string> =>
  anInstalled(...names.map((name) => packed[name] ?? name));

describe('a packed package', () => {
  it.each(Object.keys(dependenciesOf))(
    '%s has usage instructions and no unpublished dependency',
    async (name) => {
      const { stdout } = await run('tar', ['xzOf', packed[name] ?? '', 'package/package.json']);
      const manifest = JSON.parse(stdout) as Manifest;
      expect(manifest).toMatchObject({ name: `@tidings/${name}`, license: 'MIT', type: 'module' });
      expect(manifest['engines']).toEqual({ node: '>=20.19' });
      expect(manifest['private']).toBeUndefined();
      expect(Object.keys(manifest['dependencies'] ?? {})).toEqual(dependenciesOf[name]);
      expect(JSON.stringify([manifest['exports'] ?? {}, manifest['bin'] ?? {}])).not.toMatch(/source|src/);
      const { stdout: files } = await run('tar', ['tzf', packed[name] ?? '']);
      expect(files).toMatch(/package\/LICENSE$/m);
      expect(files).toMatch(/package\/README\.md$/m);
      const own = files.split('\n').filter((file) => !file.startsWith('package/dist/package/kafkajs/'));
      expect(own.join('\n')).not.toMatch(/\.test\.|\.map$|tsbuildinfo|\/src\//m);
      const { stdout: everything } = await run('tar', ['xzOf', packed[name] ?? '', 'package/dist'], {
        maxBuffer: 64 * 1024 * 1024,
      });
      expect(everything).not.toMatch(/from '@tidings\/|import\('@tidings\//);
    },
  );
});

describe('@tidings/sdk and @tidings/signing in an empty folder', () => {
  const program = `
import { createServer } from 'node:http';
import { generateKeyPair, type PreparedSecret, prepareSecret, signHeaders, verify } from '@tidings/signing';
import {
  aSignedDelivery, type ClientOptions, createClient, type EventInput, fakeTidings, memoryDedupe, type Published,
  SigningError, TidingsError, verifyPlain, verifyWebhook, webhookMiddleware,
} from '@tidings/sdk';

const options: ClientOptions = { url: 'https://tidings.example', apiKey: 'key_x', maxAttempts: 1 };
const client = createClient(options);
const publish = async (event: EventInput): Promise<Published> => client.publish(event);
// @ts-expect-error: an event requires a type
void (() => publish({ data: 1 }));

interface Events { 'order.paid': { order: number }; 'order.shipped': { parcel: string } }
const typed = createClient<Events>(options);
void (() => typed.publish({ type: 'order.paid', data: { order: 17 } }));
// @ts-expect-error: the data of another type
void (() => typed.publish({ type: 'order.shipped', data: { order: 17 } }));
// @ts-expect-error: a type that is not in the map
void (() => typed.publish({ type: 'order.piad', data: { order: 17 } }));
void (() => fakeTidings<Events>().assertPublished('order.shipped', ({ data }) => data.parcel === 'p').data.parcel);

const { headers, body, secret } = aSignedDelivery({ event: { type: 'order.paid', data: { order: 17 } } });
const result = verifyWebhook<Events>({ headers, body, secrets: [secret] });
if (!result.ok) throw new Error(result.reason);
if (result.event.type !== 'order.paid') throw new Error(result.event.data.parcel);
const order: number = result.event.data.order;

createServer((request, response) => {
  webhookMiddleware({ secrets: [secret], dedupe: memoryDedupe() })(request, response, () => response.end());
});
const prepared: PreparedSecret = prepareSecret(secret);
const signed = signHeaders({ id: 'msg_1', timestampSeconds: 1, body, secrets: [prepared] });
const { publicKey } = generateKeyPair();
console.log(verify({ headers: { ...signed }, body, secrets: [secret], publicKeys: [publicKey], nowSeconds: 1 }).ok);
console.log(order, verifyPlain({ body, signature: undefined, secrets: ['s'] }), TidingsError.name, SigningError.name);
`;

  it('compile a strict program with nodenext and run it', async () => {
    const folder = await installed('sdk', 'signing');
    await compile(folder, program);
    const { stdout } = await run(process.execPath, ['program.js'], { cwd: folder });
    expect(stdout.trim()).toBe('true\n17 false TidingsError SigningError');
  }, 120_000);

  it('can be loaded by require as well, as the same single instance', async () => {
    const folder = await installed('sdk');
    const source = `
const sdk = require('@tidings/sdk');
import('@tidings/sdk').then((module) => console.log(typeof sdk.createClient, module.TidingsError === sdk.TidingsError));`;
    expect(await node(folder, 'program.cjs', source)).toBe('function true');
  }, 120_000);
});

describe('@tidings/sdk/web', () => {
  const worker = `
import { memoryDedupe, verifyWebhook, webhookHandler } from '@tidings/sdk/web';

type Events = { 'order.paid': { order: number } };
const start = (secret: string) =>
  webhookHandler<Events>({ secrets: [secret], dedupe: memoryDedupe() }, ({ event }, request: Request) =>
    new Response(event.type + event.data.order + request.method),
  );
const verify = async (headers: Headers, secret: string): Promise<boolean> =>
  (await verifyWebhook({ headers, body: '', secrets: [secret] })).ok;
Object.assign(globalThis, { start, verify });`;
  type Start = (secret: string) => (request: Request) => Promise<Response>;

  it('is a bundle without a module of Node, which verifies without its globals', async () => {
    const folder = await installed('sdk');
    // Its types are those of the Web alone.
    await compile(folder, worker, 'web');
    // A module of Node does not resolve for this platform.
    const { outputFiles } = await build({
      entryPoints: [join(folder, 'program.js')],
      bundle: true,
      minify: true,
      format: 'iife',
      platform: 'browser',
      write: false,
    });
    const code = outputFiles[0]?.text ?? '';
    expect(code.length).toBeLessThan(16 * 1024);
    // What every runtime of the Web has (https://min-common-api.proposal.wintertc.org).
    const globals = { atob, btoa, console, crypto, Response, TextDecoder, TextEncoder };
    const context = createContext(globals);
    runInContext(code, context);
    expect(runInContext('typeof process + typeof Buffer + typeof require', context)).toBe(
      'undefined'.repeat(3),
    );
    const sdk = join(folder, 'node_modules/@tidings/sdk/dist/package/index.js');
    const { aSignedDelivery } = (await import(sdk)) as typeof Sdk;
    const { headers, body, secret } = aSignedDelivery({ event: { type: 'order.paid', data: { order: 17 } } });
    const handle = (context as unknown as { start: Start }).start(secret);
    const post = async (bytes: Uint8Array) =>
      handle(new Request('https://x.example/', { method: 'POST', headers, body: new Uint8Array(bytes) }));
    expect((await post(Buffer.from(String(body).replace('17', '18')))).status).toBe(401);
    expect(await (await post(body)).text()).toBe('order.paid17POST');
    expect(await (await post(body)).json()).toEqual({ duplicate: true });
  }, 120_000);
});

describe('@tidings/chains in a folder of its own', () => {
  it('compiles a strict program and runs it with the patched kafkajs inside', async () => {
    const folder = await anUnpacked('chains', packed['chains'] ?? '');
    const typed = `
import { type AlertTarget, createWorker, step } from '@tidings/chains';

type Paid = { id: string };
const alerts: readonly AlertTarget[] = [{ style: 'slack', url: 'https://chat.example/hook' }];
const worker = createWorker<{ 'order.paid': Paid }>({ brokers: ['127.0.0.1:9'], app: 'shop', alerts, signals: false });
worker.on('order.paid', step('mark', { tries: 2 }, async (order: Paid, { idempotencyKey }) => order.id + idempotencyKey));
// @ts-expect-error: a step has a name
void (() => step({ tries: 2 }, async () => 1));
const metrics: string = await worker.metrics();
console.log(metrics.length >= 0);`;
    await compile(folder, typed);
    const { stdout } = await run(process.execPath, ['program.js'], { cwd: folder });
    expect(stdout.trim()).toBe('true');
    expect(await node(folder, 'plain.js', chainsProgram)).toBe('true');
    const kafkajs = join(folder, 'node_modules/@tidings/chains/dist/package/kafkajs');
    expect(existsSync(join(kafkajs, 'LICENSE'))).toBe(true);
    expect(existsSync(join(kafkajs, 'src/utils/sharedTicks.js'))).toBe(true);
  }, 120_000);
});

describe('@tidings/cli in an empty folder', () => {
  it('is a command with the commander version that it declares', async () => {
    const commander = join(root, 'packages/cli/node_modules/commander');
    const folder = aFolder();
    await npm(folder, 'pack', commander);
    const tarball = join(folder, `commander-${String(readManifest(commander)['version'])}.tgz`);
    const place = await installed('cli', tarball);
    const tidingsWith = async (env: Record<string, string>, ...args: string[]) =>
      run(join(place, 'node_modules/.bin/tidings'), args, {
        cwd: place,
        env: { PATH: process.env['PATH'], ...env },
      });
    const tidings = async (...args: string[]) => tidingsWith({}, ...args);
    expect((await tidings('--help')).stdout).toContain('subscriptions');
    await expect(tidings('subscriptions', 'list')).rejects.toMatchObject({ code: 4 });
    // The generator of types is an optional package.
    const api = { TIDINGS_URL: 'http://127.0.0.1:9', TIDINGS_API_KEY: 'key_x' };
    await expect(tidingsWith(api, 'event-types', 'types')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('npm install --save-dev json-schema-to-typescript') as string,
    });
  }, 120_000);
});

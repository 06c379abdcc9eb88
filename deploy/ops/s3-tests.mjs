import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { UserError } from '../local/options.mjs';
import { installPython } from '../local/python.mjs';
import { runSuite } from '../local/suites.mjs';

const requirements = fileURLToPath(new URL('s3-requirements.txt', import.meta.url));
const startMs = 60_000;
const host = '127.0.0.1';

const actions = ['Admin', 'Read', 'Write', 'List', 'Tagging'];
const keysOf = (...names) => names.map((name) => ({ accessKey: name, secretKey: `${name}-secret` }));
// As in packages/object-storage/src/s3-storage.ops.test.ts.
const ofTests = { name: 'tidings', credentials: keysOf('tidings-test', 'tidings-next'), actions };
// As in e2e/own-stack/storage-keys.ops.test.ts, which writes the file anew without the first key.
const ofServices = { name: 'services', credentials: keysOf('services-old', 'services-new'), actions };

/**
 * Starts a real S3 server (SeaweedFS, installed by pip at the first run) and runs the tests of the project `ops` against
 * it. Returns the number of passed and failed tests.
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runS3Tests() {
  const bin = await installPython('s3-venv', requirements);
  const folder = mkdtempSync(join(tmpdir(), 'tidings-s3-'));
  const server = await startServer(bin, folder);
  try {
    await server.ready();
    process.env['TEST_S3_ENDPOINT'] = server.endpoint;
    process.env['TEST_S3_CONFIG'] = server.config;
    process.env['TEST_S3_PID'] = String(server.pid);
    return await runSuite('ops');
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startServer(bin, folder) {
  const config = join(folder, 's3.json');
  writeFileSync(config, JSON.stringify({ identities: [ofTests, ofServices] }));
  mkdirSync(join(folder, 'data'));
  const [port, ...others] = await freePorts(7);
  const names = ['master.port', 'master.port.grpc', 'volume.port', 'volume.port.grpc'];
  const ports = [...names, 'filer.port', 'filer.port.grpc'].map((name, at) => `-${name}=${others[at]}`);
  const args = [
    ...['server', `-ip=${host}`, `-ip.bind=${host}`, `-dir=${join(folder, 'data')}`],
    ...[
      '-s3',
      '-s3.port.iceberg=0',
      '-s3.port.lance=0',
      `-s3.port=${port}`,
      `-s3.config=${config}`,
      ...ports,
    ],
    ...['-volume.max=100', '-master.volumeSizeLimitMB=64'],
  ];
  const child = spawn(join(bin, 'weed'), args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => (output = (output + chunk).slice(-4_000)));
  }
  const ended = new Promise((resolve) => child.once('close', resolve));
  const endpoint = `http://${host}:${port}`;
  const ready = async () => {
    for (const deadlineMs = performance.now() + startMs; performance.now() < deadlineMs; await sleep(200)) {
      if (child.exitCode !== null) break;
      // 403 for a request without a key: the server and its key are there.
      const { status } = await fetch(endpoint).catch(() => ({ status: 0 }));
      if (status === 403) return;
    }
    throw new UserError(`SeaweedFS did not start:\n${output.trim()}`);
  };
  const stop = async () => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(timer);
  };
  return { endpoint, config, pid: child.pid, ready, stop };
}

/** Returns ports that are free now: all are open at once, so that they differ. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) => new Promise((resolve) => server.listen(0, host, () => resolve(server.address().port))),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

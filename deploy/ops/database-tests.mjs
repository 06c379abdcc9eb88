import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { UserError } from '../local/options.mjs';
import { runSuite } from '../local/suites.mjs';
import { installDebian } from './install-debian.mjs';

const host = '127.0.0.1';
const debian = '/usr/lib/postgresql';
const ready = {
  postgres: 'database system is ready to accept connections',
  redis: 'Ready to accept connections',
};

/**
 * Starts a real PostgreSQL and a real Redis (packages of Debian, which root installs at the first run) and runs the
 * tests of the project `databases` against them. Returns the number of passed and failed tests.
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runDatabaseTests() {
  await installMissing();
  const folder = mkdtempSync(join(tmpdir(), 'tidings-databases-'));
  const servers = [];
  try {
    const [postgresPort, redisPort] = [await freePort(), await freePort()];
    servers.push(await startPostgres(folder, postgresPort), await startRedis(folder, redisPort));
    process.env['TEST_POSTGRES_URL'] = `postgres://postgres@${host}:${postgresPort}/postgres`;
    process.env['TEST_REDIS_PORT'] = String(redisPort);
    return await runSuite('databases');
  } finally {
    for (const server of servers) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const installMissing = async () =>
  await installDebian([
    ...(postgresFolder() === undefined ? [{ name: 'PostgreSQL 11', apt: 'postgresql' }] : []),
    ...(has('redis-server') ? [] : [{ name: 'Redis 6', apt: 'redis-server' }]),
  ]);

const has = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;

/** Returns the folder of initdb and postgres: Debian has them outside of the PATH. */
function postgresFolder() {
  if (has('initdb') && has('postgres')) return '';
  if (!existsSync(debian)) return undefined;
  const newest = readdirSync(debian)
    .sort((a, b) => Number(b) - Number(a))
    .find((version) => existsSync(join(debian, version, 'bin', 'initdb')));
  return newest === undefined ? undefined : join(debian, newest, 'bin');
}

async function startPostgres(folder, port) {
  const bin = postgresFolder();
  const data = mkdtempSync(join(folder, 'postgres-'));
  const user = otherUser();
  if (user.uid !== undefined) {
    for (const path of [folder, data]) chownSync(path, user.uid, user.gid);
  }
  const options = { ...user, cwd: folder };
  const init = ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-sync'];
  runToEnd(join(bin, 'initdb'), init, options);
  const args = ['-D', data, '-h', host, '-p', String(port), '-k', folder, '-c', 'fsync=off'];
  return await startServer(join(bin, 'postgres'), [...args, '-c', 'max_connections=200'], {
    options,
    isReady: ready.postgres,
    stopBy: 'SIGINT',
  });
}

/** PostgreSQL refuses to run as root: the user that Debian's package creates runs it then. */
function otherUser() {
  if (process.getuid?.() !== 0) return {};
  const id = (flag) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout.trim());
  return { uid: id('-u'), gid: id('-g') };
}

async function startRedis(folder, port) {
  const args = ['--bind', host, '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', folder];
  return await startServer('redis-server', args, {
    options: { cwd: folder },
    isReady: ready.redis,
    stopBy: 'SIGTERM',
  });
}

function runToEnd(program, args, options) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { ...options, encoding: 'utf8' });
  if (status === 0) return;
  throw new UserError(`${program} failed: ${error?.message ?? `${stdout}\n${stderr}`.trim()}`);
}

async function startServer(program, args, { options, isReady, stopBy }) {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let output = '';
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => reject(new UserError(`${program} did not start:\n${output.trim()}`)));
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output = (output + chunk).slice(-4_000);
        if (output.includes(isReady)) resolve();
      });
    }
  });
  const stop = async () => {
    child.kill(stopBy);
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await ended;
    clearTimeout(timer);
  };
  return { stop };
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, host, resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

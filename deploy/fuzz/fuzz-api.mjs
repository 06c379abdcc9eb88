import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { print, root } from '../local/bootstrap.mjs';
import { UserError } from '../local/options.mjs';
import { installPython } from '../local/python.mjs';
import { configForObjects } from './make-objects.mjs';

const requirements = fileURLToPath(new URL('requirements.txt', import.meta.url));
const startMs = 180_000;

// Responses must match their schemas, and none may be a 5xx. A rejected request that its schema allows (a reserved
// name, a URL that is not public) is no failure.
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
];

/**
 * Starts a built Tidings and runs schemathesis against every route of its description, then again with existing objects
 * against the routes that name one. Returns the number of passed and failed operations. The first run installs
 * schemathesis into .tidings/fuzz-venv.
 * @param {string[]} given arguments for schemathesis: `--max-examples 50`, `--include-path /v1/events`, `--seed 1`,
 * `--max-time 60`
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function fuzzApi(given) {
  const bin = await installPython('fuzz-venv', requirements);
  const data = mkdtempSync(join(tmpdir(), 'tidings-fuzz-'));
  const stack = await startStack(data);
  try {
    const local = await stack.ready();
    const anything = await fuzz(local, given, { bin, report: join(data, 'anything.xml') });
    const { key, config } = await configForObjects(local);
    const file = join(data, 'schemathesis.toml');
    writeFileSync(file, config);
    print('second run: existing objects');
    const isNarrowed = given.some((arg) => arg.startsWith('--include'));
    const chosen = isNarrowed ? given : ['--include-path-regex', '[{]', ...given];
    const onObjects = await fuzz({ ...local, admin_key: key }, chosen, {
      bin,
      report: join(data, 'objects.xml'),
      before: ['--config-file', file],
    });
    return {
      passed: anything.passed + onObjects.passed,
      failed: anything.failed + onObjects.failed,
    };
  } finally {
    await stack.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

async function startStack(data) {
  print('starting Tidings');
  const portBase = await freePortBase();
  const args = ['deploy/local/start.mjs', '--data', data, '--port-base', String(portBase), '--no-demo'];
  const env = {
    ...process.env,
    NODE_ENV: 'production',
    // The limits have their own tests; here they would hide other failures.
    SUBSCRIPTION_REQUESTS_PER_SECOND: '0',
    HISTORY_REQUESTS_PER_SECOND: '0',
  };
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = new Promise((resolve) => child.once('close', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => void stop().then(() => process.exit(130)));
  return { ready: async () => await readyState(join(data, 'local.json'), child, () => output), stop };
}

async function readyState(file, child, output) {
  for (const deadlineMs = performance.now() + startMs; performance.now() < deadlineMs; await sleep(200)) {
    if (child.exitCode !== null) break;
    if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  }
  throw new UserError(`Tidings did not start:\n${output().trim()}`);
}

async function freePortBase() {
  for (let tries = 0; tries < 50; tries += 1) {
    const base = 27_000 + Math.floor(Math.random() * 100) * 40;
    const free = await Promise.all(Array.from({ length: 40 }, (_, i) => isFree(base + i)));
    if (free.every(Boolean)) return base;
  }
  throw new UserError('no 40 free ports in a row between 27000 and 31000');
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

async function fuzz({ url, admin_key }, given, { bin, report, before = [] }) {
  const isBounded = given.some((arg) => /^(--max-examples|--max-time|-n)\b/.test(arg));
  const args = [
    ...before,
    ...['run', `${url}/v1/openapi.json`, '--url', url, '--header', `Authorization: Bearer ${admin_key}`],
    ...['--checks', checks.join(','), '--continue-on-failure'],
    ...['--request-timeout', '35', '--warnings', 'off', '--no-color'],
    ...['--report', 'junit', '--report-junit-path', report],
    // A stream has no end: its own tests read it.
    ...['--exclude-path', '/v1/webhooks/stream'],
    ...(isBounded ? [] : ['--max-examples', '25']),
    ...given,
  ];
  const child = spawn(join(bin, 'schemathesis'), args, { cwd: tmpdir(), stdio: 'inherit' });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 1));
  });
  const result = readReport(report);
  // An aborted run reports no failed operation.
  return code !== 0 && result.failed === 0 ? { ...result, failed: 1 } : result;
}

/** Counts the operations of a JUnit report. */
function readReport(file) {
  if (!existsSync(file)) return { passed: 0, failed: 0 };
  const cases = readFileSync(file, 'utf8').match(/<testcase\b[^>]*?(\/>|>[\s\S]*?<\/testcase>)/g) ?? [];
  const failed = cases.filter((text) => /<(failure|error)\b/.test(text)).length;
  const skipped = cases.filter((text) => /<skipped\b/.test(text)).length;
  return { passed: cases.length - failed - skipped, failed };
}

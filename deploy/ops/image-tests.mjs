import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Ajv } from 'ajv';

import { canRunDockerfile, runDockerfile, startIn } from '../image/run-dockerfile.mjs';
import { print } from '../local/bootstrap.mjs';

const startMs = 60_000;

const expectThat = (isTrue, problem) => {
  if (!isTrue) throw new Error(problem);
};

async function runIn(stage, command, env) {
  return await startIn(stage, command, env).ended;
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Starts the console, whose other services are away, waits until it answers, and stops it as an orchestrator does. */
async function runConsole(stage) {
  const [port, operatorPort] = [await freePort(), await freePort()];
  const others = ['INGRESS', 'SUBSCRIPTION', 'HISTORY', 'FANOUT', 'DELIVERY'];
  const { child, ended } = startIn(stage, stage.command, {
    SERVICES: 'console',
    CONSOLE_PORT: String(port),
    CONSOLE_OPERATOR_PORT: String(operatorPort),
    ...Object.fromEntries(others.map((name) => [`${name}_URL`, 'http://127.0.0.1:9'])),
  });
  const url = `http://127.0.0.1:${port}`;
  let answer;
  for (const deadlineMs = performance.now() + startMs; performance.now() < deadlineMs; await sleep(200)) {
    answer = await fetch(`${url}/live`).catch(() => undefined);
    if (answer?.ok || child.exitCode !== null) break;
  }
  const page = await fetch(url).then(
    (response) => response.text(),
    (error) => String(error),
  );
  child.kill('SIGTERM');
  const { code, output } = await ended;
  expectThat(answer?.ok, `GET /live: ${answer?.status ?? 'no answer'}\n${output}`);
  expectThat(
    page.includes('<!doctype html>') || page.includes('<!DOCTYPE html>'),
    `GET /: ${page.slice(0, 200)}`,
  );
  expectThat(code === 0, `exit code ${code} after SIGTERM\n${output}`);
}

const library = dirname(createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json'));
const schemaOf = (name) => JSON.parse(readFileSync(join(library, 'res/schema', name), 'utf8'));

const packagesIn = (folder) =>
  new Set(
    readdirSync(join(folder, 'node_modules/.pnpm'))
      .filter((name) => /@\d/.test(name))
      .map((name) => name.replace(/_.*/, '').replace('+', '/')),
  );

const checks = [
  [
    'has a bill of materials that conforms to the schema of CycloneDX',
    ({ root }) => {
      const ajv = new Ajv({ strict: false, validateFormats: false });
      // The schema refers to the others by the names of their files.
      for (const name of ['spdx.SNAPSHOT.schema.json', 'jsf-0.82.SNAPSHOT.schema.json'])
        ajv.addSchema({ ...schemaOf(name), $id: `http://cyclonedx.org/schema/${name}` });
      const isValid = ajv.compile(schemaOf('bom-1.6.SNAPSHOT.schema.json'));
      isValid(JSON.parse(readFileSync(join(root, 'app/sbom.cdx.json'), 'utf8')));
      expectThat(isValid.errors === null, JSON.stringify(isValid.errors));
    },
  ],
  [
    'has what the lockfile says, and all of it is in its bill of materials',
    ({ root }) => {
      const { components } = JSON.parse(readFileSync(join(root, 'app/sbom.cdx.json'), 'utf8'));
      const listed = new Set(components.map((one) => one['bom-ref']));
      const unlisted = [...packagesIn(join(root, 'app'))].filter((id) => !listed.has(id));
      expectThat(unlisted.length === 0, `not in sbom.cdx.json: ${unlisted.join(', ')}`);
      expectThat(!existsSync(join(root, 'app/node_modules/vitest')), 'it has vitest');
    },
  ],
  [
    'has no tests, no sources in TypeScript and no maps of its own',
    ({ root }) => {
      const own = ['packages', 'services'].flatMap((part) =>
        readdirSync(join(root, 'app', part), { recursive: true }).filter(
          (file) => !file.includes('node_modules'),
        ),
      );
      const extra = own.filter((file) => /\.(ts|map)$|\.test\.js$/.test(file));
      expectThat(extra.length === 0, extra.slice(0, 5).join(', '));
    },
  ],
  [
    'loads every service, and names the settings that are missing',
    async (stage) => {
      const { code, output } = await runIn(stage, stage.command);
      expectThat(code === 78 && output.includes('KAFKA_BROKERS is not set'), `exit code ${code}\n${output}`);
    },
  ],
  [
    'has the program that creates the topics',
    async (stage) => {
      const { code, output } = await runIn(stage, ['node', 'deploy/create-topics.mjs']);
      expectThat(code === 78 && output.includes('KAFKA_BROKERS is not set'), `exit code ${code}\n${output}`);
    },
  ],
  ['runs the console, and stops it', runConsole],
  [
    'runs as a user that is not root and can write to /tmp and /data only',
    async (stage) => {
      const script =
        'id -u; touch /app/a /data/a /data/spool/a /data/objects/a; rm /data/spool/a /data/objects/a';
      const { output } = await runIn(stage, ['sh', '-c', script]);
      const refused = [...output.matchAll(/touch: .*'(.*)'/g)].map(([, file]) => file);
      expectThat(output.startsWith('1000'), output);
      expectThat(refused.join() === '/app/a,/data/a', output);
    },
  ],
];

/**
 * Runs the instructions of deploy/Dockerfile in folders of this machine, and the result as orchestrators run it: as its user, on a
 * read-only file system. Returns the number of passed and failed checks; none where the machine forbids it.
 * @returns {Promise<{ passed: number, failed: number, failures: string[] }>}
 */
export async function runImageTests() {
  if (!canRunDockerfile()) {
    print(
      'image tests: NOT RUN, because they need Linux, root and mount namespaces, which this machine does not allow',
    );
    return { passed: 0, failed: 0, failures: [] };
  }
  const folder = mkdtempSync(join(tmpdir(), 'tidings-image-'));
  const failures = [];
  try {
    const stage = runDockerfile(folder);
    for (const [name, check] of checks) {
      try {
        await check(stage);
      } catch (error) {
        print(`image: ${name}: ${error.message}`);
        failures.push(`image: ${name}`);
      }
    }
  } finally {
    spawnSync('rm', ['-rf', folder]);
  }
  return { passed: checks.length - failures.length, failed: failures.length, failures };
}

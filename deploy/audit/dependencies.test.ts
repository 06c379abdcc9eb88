import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse } from 'yaml';
import { installedPackages, lockedPackages } from '../image/locked-packages.mjs';
import { askRegistry, judgeAdvisories } from './ask-registry.mjs';
import { dependencyFaults } from './dependency-faults.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readYaml = (path: string) => parse(readFileSync(join(root, path), 'utf8')) as Record<string, object>;
const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;

const lock = readYaml('pnpm-lock.yaml');
const shipped = new Set(lockedPackages(root).map(({ id }) => id));
const given = {
  lock,
  workspace: readYaml('pnpm-workspace.yaml'),
  allowed: readYaml('deploy/audit/allowed.yaml'),
  manifests: Object.keys(lock['importers'] ?? {}).map((folder) => ({
    folder,
    manifest: readJson(join(root, folder, 'package.json')),
  })),
  installed: [...(installedPackages(root) as ReadonlyMap<string, string>)].map(([id, place]) => {
    const { license, scripts } = readJson(join(place, 'package.json'));
    const isShipped = shipped.has(id);
    return {
      id,
      license,
      scripts: scripts as object,
      hasGyp: existsSync(join(place, 'binding.gyp')),
      isShipped,
    };
  }),
};

it('every dependency is pinned, comes from the registry, runs no script, and has an allowed licence', () => {
  expect(given.installed.length).toBeGreaterThan(300);
  expect(shipped.size).toBeGreaterThan(150);
  expect(given.manifests.length).toBeGreaterThan(20);
  expect(dependencyFaults(given)).toEqual([]);
});

describe('a dependency is refused that', () => {
  const integrity = `sha512-${'A'.repeat(86)}==`;
  const good = { id: 'a@1.0.0', license: 'MIT', hasGyp: false, isShipped: true };
  const nothing = {
    lock: { packages: { 'a@1.0.0': { resolution: { integrity } } } },
    workspace: { catalog: { a: '1.0.0' }, onlyBuiltDependencies: [] },
    manifests: [{ folder: 'services/x', manifest: { dependencies: { a: 'catalog:' } } }],
    installed: [good],
    allowed: { licences: ['MIT'], installScripts: [], advisories: [] },
  };
  const locked = (id: string, resolution: object) => ({ lock: { packages: { [id]: { resolution } } } });
  const advisory = { id: 'GHSA-aaaa-bbbb-cccc', package: 'a', reason: 'not used so', until: '2027-01-31' };
  const advisories = (change: object) => ({
    allowed: { ...nothing.allowed, advisories: [{ ...advisory, ...change }] },
  });

  it.each([
    ['has no hash', locked('a@1.0.0', {}), 'no SHA-512'],
    ['has a weak hash', locked('a@1.0.0', { integrity: 'sha1-AAAA' }), 'no SHA-512'],
    [
      'comes from git',
      locked('a@1.0.0', { integrity, type: 'git', commit: 'c' }),
      'elsewhere than the registry',
    ],
    ['comes from a URL', locked('a@https://x.example/a.tgz', { integrity }), 'not a version of a registry'],
    ['has a range', { workspace: { ...nothing.workspace, catalog: { a: '^1.0.0' } } }, "got '^1.0.0'"],
    [
      'is in a manifest with its own version',
      { manifests: [{ folder: 'services/x', manifest: { devDependencies: { a: 'github:b/a' } } }] },
      "got 'github:b/a'",
    ],
    ['has another licence', { installed: [{ ...good, license: 'GPL-3.0' }] }, '"GPL-3.0" is not in'],
    ['has no licence', { installed: [{ ...good, license: undefined }] }, 'is not in'],
    [
      'has an install script',
      { installed: [{ ...good, scripts: { postinstall: 'x' } }] },
      'a: has an install script',
    ],
    ['compiles when it is installed', { installed: [{ ...good, hasGyp: true }] }, 'a: has an install script'],
    [
      'may run its install script',
      { workspace: { ...nothing.workspace, onlyBuiltDependencies: ['a'] } },
      'lets its install script run',
    ],
    [
      'is listed without need',
      { allowed: { ...nothing.allowed, installScripts: [{ package: 'b', reason: 'r' }] } },
      'b: is in deploy/audit/allowed.yaml and has no install script',
    ],
    ['has an accepted advisory without reason', advisories({ reason: '' }), 'has no reason'],
    ['has an accepted advisory without end', advisories({ until: undefined }), "'until' must be a date"],
    ['has an accepted advisory and is not used', advisories({ package: 'b' }), 'b is not in pnpm-lock.yaml'],
  ])('%s', (_name, change, expected) => {
    expect(dependencyFaults(nothing)).toEqual([]);
    const faults = dependencyFaults({ ...nothing, ...change });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(expected);
  });

  it('may be one of two licences', () => {
    const installed = [{ ...good, license: '(GPL-3.0 OR MIT)' }];
    expect(dependencyFaults({ ...nothing, installed })).toEqual([]);
  });
});

describe('npm run audit', () => {
  it('reports what the registry knows, but for what is accepted until a day', async () => {
    const asked: unknown[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => void chunks.push(chunk));
      request.on('end', () => {
        asked.push([request.url, JSON.parse(Buffer.concat(chunks).toString('utf8'))]);
        const url = 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc';
        response.end(
          JSON.stringify({ a: [{ id: 1, url, title: 'Bad', severity: 'high', vulnerable_versions: '<2' }] }),
        );
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const registry = `http://127.0.0.1:${(server.address() as AddressInfo).port}/npm`;
    const found = await askRegistry(registry, ['a@1.0.0', 'a@1.1.0', '@b/c@2.0.0']);
    expect(asked).toEqual([
      ['/npm/-/npm/v1/security/advisories/bulk', { a: ['1.0.0', '1.1.0'], '@b/c': ['2.0.0'] }],
    ]);
    expect(found).toMatchObject([{ id: 'GHSA-aaaa-bbbb-cccc', package: 'a', locked: ['1.0.0', '1.1.0'] }]);
    const accepted = [{ id: 'GHSA-aaaa-bbbb-cccc', package: 'a', until: '2027-01-31' }];
    const open = (day: string, list = accepted) => judgeAdvisories(found, list, day).open.length;
    expect([open('2027-01-31'), open('2027-02-01'), open('2027-01-31', [])]).toEqual([0, 1, 1]);
  });
});

import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { BuildState, steps } from './build-state.mjs';

const aRepository = () => {
  const root = mkdtempSync(join(tmpdir(), 'tidings-build-state-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const write = (path: string, text: string) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  for (const folder of ['packages', 'services', 'deploy', 'e2e', 'bench', 'node_modules'])
    mkdirSync(join(root, folder));
  for (const file of ['tsconfig.json', 'tsconfig.base.json', 'pnpm-lock.yaml']) write(file, '');
  write('packages/one/src/a.ts', 'a');
  write('packages/one/dist/.tsbuildinfo', 'built');
  return { root, write, isCurrent: () => new BuildState(root).isCurrent() };
};

it('is current after a build, until a source or a result changes', () => {
  const { root, write, isCurrent } = aRepository();
  expect(isCurrent()).toBe(false);
  const build = () => new BuildState(root).remember();
  build();
  expect(isCurrent()).toBe(true);
  write('packages/one/dist/a.js', 'only the record of the compiler counts');
  write('packages/one/node_modules/other/index.ts', 'not ours');
  expect(isCurrent()).toBe(true);
  const changes = [
    () => write('packages/one/src/b.ts', 'new'),
    () => write('services/one/tsconfig.json', '{}'),
    () => rmSync(join(root, 'packages/one/src/b.ts')),
    () => utimesSync(join(root, 'packages/one/src/a.ts'), 1, 1),
    () => rmSync(join(root, 'packages/one/dist'), { recursive: true }),
  ];
  for (const change of changes) {
    change();
    expect(isCurrent()).toBe(false);
    build();
    expect(isCurrent()).toBe(true);
  }
});

it('does not count what changes while the compiler runs as built', () => {
  const { root, write, isCurrent } = aRepository();
  const state = new BuildState(root);
  write('packages/one/src/a.ts', 'changed meanwhile');
  state.remember();
  expect(isCurrent()).toBe(false);
});

it('bundles the services again when the compiler has run or a bundle is missing', () => {
  const { root, write } = aRepository();
  write('deploy/local/bundle-server.mjs', '');
  write('services/server/dist/server.mjs', 'bundled');
  const isCurrent = () => new BuildState(root, steps.server).isCurrent();
  const changes = [
    () => write('packages/one/dist/.tsbuildinfo', 'built again'),
    () => write('deploy/local/bundle-server.mjs', 'changed'),
    () => rmSync(join(root, 'services/server/dist/server.mjs')),
  ];
  for (const change of changes) {
    new BuildState(root, steps.server).remember();
    expect(isCurrent()).toBe(true);
    write('packages/one/src/a.ts', `the compiler decides: ${Math.random()}`);
    expect(isCurrent()).toBe(true);
    change();
    expect(isCurrent()).toBe(false);
  }
});

it('bundles the console again when a source, its configuration, the program that bundles or a result has changed', () => {
  const { root, write } = aRepository();
  const web = 'services/console/web';
  write('deploy/local/bundle-console.mjs', '');
  write(`${web}/vite.config.mjs`, '');
  write(`${web}/dist/index.html`, 'bundled');
  const isCurrent = () => new BuildState(root, steps.bundle).isCurrent();
  const changes = [
    () => write(`${web}/src/app.tsx`, 'new'),
    () => write(`${web}/vite.config.mjs`, 'changed'),
    () => write('deploy/local/bundle-console.mjs', 'changed'),
    () => rmSync(join(root, web, 'dist/index.html')),
  ];
  for (const change of changes) {
    new BuildState(root, steps.bundle).remember();
    write(`${web}/src/api/generated.ts`, 'types, which are in no bundle');
    expect(isCurrent()).toBe(true);
    change();
    expect(isCurrent()).toBe(false);
  }
});

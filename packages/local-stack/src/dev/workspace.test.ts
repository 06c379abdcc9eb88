import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { tidingsServices } from '../tidings-processes.ts';
import { isSource, type Member, readWorkspace, servicesAffectedBy } from './workspace.ts';

const root = '/repo';
const members: readonly Member[] = [
  { name: '@tidings/contracts', folder: 'packages/contracts', dependencies: [] },
  { name: '@tidings/kafka', folder: 'packages/kafka', dependencies: ['@tidings/contracts'] },
  { name: '@tidings/http', folder: 'packages/http', dependencies: [] },
  { name: '@tidings/http-more', folder: 'packages/http-more', dependencies: [] },
  { name: '@tidings/fanout-service', folder: 'services/fanout', dependencies: ['@tidings/kafka'] },
  { name: '@tidings/console-service', folder: 'services/console', dependencies: ['@tidings/http'] },
  { name: '@tidings/other-service', folder: 'services/other', dependencies: ['@tidings/http-more'] },
];
const affectedBy = (...files: string[]): readonly string[] =>
  servicesAffectedBy(
    files.map((file) => join(root, file)),
    { root, members },
  );

describe('the services that a changed file affects', () => {
  it.each<[string, readonly string[]]>([
    ['services/fanout/src/service.ts', ['fanout']],
    ['services/fanout/src/domain/match.ts', ['fanout']],
    ['packages/http/src/index.ts', ['console']],
    // A folder whose name begins with that of another.
    ['packages/http-more/src/index.ts', ['other']],
    ['packages/kafka/src/bus.ts', ['fanout']],
    // Through another package.
    ['packages/contracts/src/wire/topics.ts', ['fanout']],
    // Not loaded by a running service.
    ['services/fanout/src/service.test.ts', []],
    ['services/fanout/test/builders.ts', []],
    ['services/fanout/README.md', []],
    ['packages/http/package.json', []],
    ['docs/api.md', []],
  ])('%s: %j', (file, services) => {
    expect(affectedBy(file)).toEqual(services);
  });

  it('are named once, however many files changed', () => {
    const files = ['packages/http/src/a.ts', 'services/console/src/b.ts', 'packages/contracts/src/c.ts'];
    expect(affectedBy(...files)).toEqual(['fanout', 'console']);
  });
});

describe('this repository', () => {
  const repository = fileURLToPath(new URL('../../../../', import.meta.url));
  const own = readWorkspace(repository);
  const affected = (file: string): readonly string[] =>
    servicesAffectedBy([join(repository, file)], { root: repository, members: own });

  it('has every member by its folder, with dependencies that are members', () => {
    const names = own.map(({ name }) => name);
    expect(names).toContain('@tidings/delivery-service');
    expect(own.flatMap(({ dependencies }) => dependencies).filter((name) => !names.includes(name))).toEqual(
      [],
    );
    expect(own.filter(({ folder }) => !existsSync(join(repository, folder, 'src')))).toEqual([]);
  });

  it('restarts one service for its own source and every service for what all run on', () => {
    const everyService = tidingsServices.map(({ name }) => name).sort();
    expect(affected('services/delivery/src/service.ts')).toEqual(['delivery']);
    expect([...affected('packages/runtime/src/index.ts')].sort()).toEqual(everyService);
    expect([...affected('services/server/src/main.ts')].sort()).toEqual(everyService);
    // No service depends on the package that starts the services.
    expect(affected('packages/local-stack/src/index.ts')).toEqual([]);
    expect(isSource(repository, join(repository, 'services/delivery/src/service.ts'))).toBe(true);
  });
});

import { expect, it } from 'vitest';
import { silentLogger as logger } from '../../packages/observability/src/index.ts';
import { grantAcls } from './grant-acls.mjs';

const print = async (apps: string): Promise<void> =>
  grantAcls(['--acls', '--print', '--apps', apps], { env: {}, logger });

it.each(['history', 'pipeline', 'services', 'topics'])(
  'grants nothing to an application whose user is the one of %s',
  async (app) => {
    await expect(print(`shop,${app}`)).rejects.toThrow(
      `--apps ${app}: its user would be that of '${app}', and have the rights of both`,
    );
  },
);

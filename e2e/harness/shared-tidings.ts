import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { Caller } from './caller.ts';
import { type LocalStack, startTidings, type Tidings } from './tidings.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The data folder of the Tidings that files share. */
    sharedTidings: string;
  }
}

let tidings: Tidings | undefined;

/** Starts one Tidings for all files that use `sharedTidings`, and none when no such file is run. */
export async function setup(project: TestProject): Promise<void> {
  const files = project.vitest.state.getPaths();
  if (!files.some((file) => readFileSync(file, 'utf8').includes('sharedTidings('))) return;
  const env = {
    // The limits have tests of their own; tokens cannot be given one.
    SUBSCRIPTION_REQUESTS_PER_SECOND: '0',
    HISTORY_REQUESTS_PER_SECOND: '0',
    // As behind a load balancer on this machine: a test chooses the address that a request comes from.
    TRUSTED_PROXIES: 'loopback',
  };
  tidings = await startTidings({ env });
  project.provide('sharedTidings', tidings.dataDir);
}

/** Stops it. Throws when its services have sent to MongoDB what is not allowed. */
export async function teardown(): Promise<void> {
  await tidings?.stop();
}

/**
 * A Tidings that other files use as well, before and after: a file sees it through a workspace of its own, or makes workspaces
 * that nobody else names. Only for what neither kills a part nor needs settings of its own.
 */
export async function sharedTidings(): Promise<LocalStack> {
  return JSON.parse(await readFile(join(inject('sharedTidings'), 'local.json'), 'utf8')) as LocalStack;
}

/** The same stack as the admin of a new workspace sees it: no event, subscription or key of another one is in it. */
export async function inOwnWorkspace(local: LocalStack, id: string): Promise<LocalStack> {
  const operator = new Caller(local.url, local.admin_key);
  await operator.call('POST', '/webhooks/workspaces', { id, allow_http: true, event_type_policy: 'open' });
  const { key } = await operator.newKey(local, { workspace_id: id, scopes: ['events:write', 'admin'] });
  return { ...local, admin_key: key, workspace_id: id };
}

import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { Caller } from './caller.ts';
import { freePortBase, type LocalStack, startTidings, type Tidings } from './tidings.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The data folder of the stack that test files share. */
    sharedTidings: string;
    /** The port at which its services send spans; nobody listens there unless a test does. */
    spanPort: number;
  }
}

let tidings: Tidings | undefined;

/** Starts one stack for all files that use `sharedTidings`, and none if no such file runs. */
export async function setup(project: TestProject): Promise<void> {
  const files = project.vitest.state.getPaths();
  if (!files.some((file) => readFileSync(file, 'utf8').includes('sharedTidings('))) return;
  const portBase = await freePortBase();
  // One of the free ports that the stack does not use.
  const spanPort = portBase + 39;
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${spanPort}`,
    // Only the traces that a test asks for.
    OTEL_TRACES_SAMPLER: 'parentbased_always_off',
    OTEL_BSP_SCHEDULE_DELAY: '200',
    // The limits have their own tests; a token cannot be exempted from them.
    SUBSCRIPTION_REQUESTS_PER_SECOND: '0',
    HISTORY_REQUESTS_PER_SECOND: '0',
    // Allows what is off by default.
    INGRESS_MAX_LARGE_EVENT_BYTES: '6000000',
    // As behind a load balancer on this machine: a test chooses the client address of a request.
    TRUSTED_PROXIES: 'loopback',
    // Another site than 127.0.0.1, for pages that embed the portal.
    CONSOLE_PORTAL_ORIGINS: 'http://localhost:*',
  };
  tidings = await startTidings({ env, portBase });
  project.provide('spanPort', spanPort);
  project.provide('sharedTidings', tidings.dataDir);
}

/** Stops the stack. Throws if its services have sent a forbidden command to MongoDB. */
export async function teardown(): Promise<void> {
  await tidings?.stop();
}

/**
 * Returns the stack that other files also use, before and after. A file uses its own workspace, or creates workspaces
 * that no other file names. Only for tests that neither kill a part nor need their own settings.
 */
export async function sharedTidings(): Promise<LocalStack> {
  return JSON.parse(await readFile(join(inject('sharedTidings'), 'local.json'), 'utf8')) as LocalStack;
}

/**
 * Returns the same stack as seen by the admin of a new workspace, without the events, subscriptions or keys of others.
 */
export async function inOwnWorkspace(local: LocalStack, id: string): Promise<LocalStack> {
  const operator = new Caller(local.url, local.admin_key);
  await operator.call('POST', '/webhooks/workspaces', { id, allow_http: true, event_type_policy: 'open' });
  const { key } = await operator.newKey(local, { workspace_id: id, scopes: ['events:write', 'admin'] });
  return { ...local, admin_key: key, workspace_id: id };
}

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from '@tidings/testing';
import { expect, onTestFinished } from 'vitest';
import { apiOf } from './api.ts';
import { startCollector } from './collector.ts';
import type { LocalStack } from './tidings.ts';

const run = promisify(execFile);
const examples = fileURLToPath(new URL('../../examples/', import.meta.url));

type DeadLetters = Readonly<{ data: readonly Readonly<{ reason: string; origin?: unknown }>[] }>;

/**
 * Runs an example of a direct producer, and expects its events at an endpoint, in order; then with a name that is no event
 * type, and expects both records among the dead letters.
 */
export async function expectDirectEvents(
  local: LocalStack,
  { program, file, dataDir }: Readonly<{ program: string; file: string; dataDir: string }>,
): Promise<void> {
  const collector = await startCollector();
  onTestFinished(async () => collector.close());
  const api = apiOf(local);
  const { secret } = await api.subscribe(collector.url, ['direct.*'], { ordering: 'key' });
  collector.trust(secret);
  const produce = async (type: string): Promise<void> => {
    const env = { TIDINGS_DATA: dataDir, TIDINGS_WORKSPACE: local.workspace_id, TIDINGS_EVENT_TYPE: type };
    const { stdout } = await run(program, [`${examples}${file}`], { env: { ...process.env, ...env } });
    expect(stdout).toMatch(/^written: order-/);
  };
  await produce('direct.changed');
  await eventually(() => expect(collector.receipts).toHaveLength(2));
  const data = collector.receipts.map(
    ({ body }) => (JSON.parse(body.toString()) as { data: Readonly<Record<string, string>> }).data,
  );
  expect(data).toMatchObject([{ total: '12.50' }, { tracking: '1Z999' }]);
  expect(data[0]?.['order']).toBe(data[1]?.['order']);
  const count = async (): Promise<number> => {
    const { body } = await apiOf(local).request(
      'GET',
      '/v1/webhooks/dead-letters?reason=undecodable&limit=100',
    );
    return (body as DeadLetters).data.length;
  };
  const before = await count();
  await produce('not a type');
  await eventually(async () => expect(await count()).toBe(before + 2));
}

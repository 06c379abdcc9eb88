import { describe, expect, it } from 'vitest';
import { anApi } from '../cli-under-test.ts';

describe('a time option', () => {
  it.each([
    [['deliveries', 'list', '--since', '2h'], 'created_after', -7_200],
    [['audit-log', 'list', '--since', '1h30m'], 'after', -5_400],
    [['dead-letters', 'list', '--since', '7d'], 'recorded_after', -604_800],
    [['deliveries', 'list', '--to', '90s'], 'created_before', -90],
  ] as const)('%j is a duration before now', async (args, name, seconds) => {
    const { requests, run: tidings } = await anApi();
    const earliest = Date.now();
    expect((await tidings(...args)).code).toBe(0);
    const latest = Date.now();
    const query = new URL(`http://x${requests[0]?.line.split(' ')[1]}`).searchParams;
    const at = Date.parse(query.get(name) ?? '');
    expect(at).toBeGreaterThanOrEqual(earliest + seconds * 1_000);
    expect(at).toBeLessThanOrEqual(latest + seconds * 1_000);
  });

  it('is a duration from now for the expiry of a key', async () => {
    const { requests, run: tidings } = await anApi(201);
    const earliest = Date.now();
    await tidings('api-keys', 'create', '--scope', 'admin', '--expires', '90d');
    const body = requests[0]?.body as { expires_at: string } | undefined;
    expect(Date.parse(body?.expires_at ?? '')).toBeGreaterThanOrEqual(earliest + 90 * 86_400_000);
  });
});

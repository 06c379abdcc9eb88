import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createMetrics, measureDisks, silentLogger } from './index.ts';

it('shows space and size of the file system of each folder, also of one that is missing', async () => {
  const path = mkdtempSync(join(tmpdir(), 'tidings-disk-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const metrics = createMetrics({}, { service: 'test', nodeMetrics: false });
  await measureDisks({ name: 'test', logger: silentLogger, metrics }, [
    { folder: 'spool', path },
    { folder: 'objects', path: join(path, 'not', 'yet') },
  ]);
  const text = await metrics.text();
  for (const folder of ['spool', 'objects']) {
    const figureOf = (name: string): number =>
      Number(new RegExp(`^${name}\\{folder="${folder}",service="test"\\} (\\S+)$`, 'm').exec(text)?.[1]);
    expect(figureOf('tidings_disk_free_bytes')).toBeGreaterThan(0);
    expect(figureOf('tidings_disk_size_bytes')).toBeGreaterThanOrEqual(figureOf('tidings_disk_free_bytes'));
  }
});

it('shows nothing of a folder that cannot be read', async () => {
  const metrics = createMetrics({}, { service: 'test', nodeMetrics: false });
  const context = { name: 'test', logger: silentLogger, metrics };
  await measureDisks(context, [{ folder: 'spool', path: 'a name with\0 zero' }]);
  expect(await metrics.text()).not.toContain('tidings_disk_free_bytes{');
});

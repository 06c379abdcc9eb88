import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { anAnsweringApi } from '../cli-under-test.ts';

const link = '/v1/webhooks/exports/job_1/file?expires=9&signature=f';
const job = (state: string) => ({
  ...{ id: 'job_1', kind: 'export', state, request: {}, eta: null, error: null },
  progress: { total: 2, done: state === 'done' ? 2 : 0, percent: state === 'done' ? 100 : 0, counts: {} },
});

const anEmptyFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
};

const anApiOfExports = async (
  end: object,
  file: { status?: number; body: unknown } = { body: 'id\r\n1\r\n' },
) =>
  anAnsweringApi(({ line }) => {
    if (line.startsWith('POST')) return { status: 202, body: { export_id: 'job_1', status: 'queued' } };
    if (line.includes('/jobs/'))
      return { body: job(String(Reflect.get(end, 'status')) === 'failed' ? 'failed' : 'done') };
    if (line.includes('/file?')) return file;
    return { body: { export_id: 'job_1', ...end } };
  });

describe('tidings export', () => {
  it('saves the file once the export is ready, with its progress as a bar', async () => {
    const api = await anApiOfExports({ status: 'ready', download_url: link });
    const folder = anEmptyFolder();
    const command =
      'export deliveries --filter status=delivered --filter event_type=a=b --gzip --out out.csv';
    const { code, out, err } = await api.runWith({ folder }, ...command.split(' '));
    expect([code, err]).toEqual([0, `[${'#'.repeat(30)}] done, 2 of 2 (100 %)`]);
    expect(out).toMatch(/saved_to +out\.csv/);
    expect(readFileSync(join(folder, 'out.csv'), 'utf8')).toBe('id\r\n1\r\n');
    expect(readdirSync(folder)).toEqual(['out.csv']);
    expect(api.requests[0]).toMatchObject({
      line: 'POST /v1/webhooks/exports',
      body: {
        of: 'deliveries',
        format: 'csv',
        filter: { status: 'delivered', event_type: 'a=b' },
        gzip: true,
      },
    });
    const download = api.requests.find(({ line }) => line.includes('/file?'));
    expect(download?.headers).not.toHaveProperty('authorization');
  });

  it('fails with the reason of an export that has failed', async () => {
    const api = await anApiOfExports({ status: 'failed', error: 'the disk is full', download_url: null });
    const { code, err } = await api.run('export', 'deliveries', '--wait');
    expect(code).toBe(1);
    expect(err).toContain('The export failed: the disk is full');
  });

  it('leaves no file behind when the link does not work or the file cannot be written', async () => {
    const api = await anApiOfExports({ status: 'ready', download_url: link }, { status: 404, body: {} });
    const folder = anEmptyFolder();
    const gone = await api.runWith({ folder }, 'exports', 'get', 'job_1', '--out', 'out.csv');
    expect([gone.code, gone.err]).toEqual([1, expect.stringContaining('Read the export again')]);
    const other = await anApiOfExports({ status: 'ready', download_url: link });
    const unwritable = await other.runWith({ folder }, 'exports', 'get', 'job_1', '--out', 'none/out.csv');
    expect([unwritable.code, unwritable.err]).toEqual([2, expect.stringContaining("'none/out.csv'")]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses a filter of another form', async () => {
    const api = await anApiOfExports({ status: 'ready' });
    const { code, err } = await api.run('export', 'deliveries', '--filter', 'status');
    expect([code, err]).toEqual([2, "--filter must be of the form field=value, got 'status'."]);
    expect(api.requests).toEqual([]);
  });
});

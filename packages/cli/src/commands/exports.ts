import { callApi } from '../api/call-api.ts';
import type { Target } from '../api/find-target.ts';
import { requestsAt } from '../api/requests-at.ts';
import {
  type CommandSpec,
  type Given,
  type OptionSpec,
  onceHeader,
  onceOption,
  pageOptions,
  textOf,
} from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import { readSeconds } from '../input/read-time.ts';
import { saveFile } from '../output/save-file.ts';
import { watchJob } from './watch-job.ts';

type Export = Readonly<{
  export_id: string;
  status: string;
  download_url: string | null;
  error?: string | null;
}>;

const path = '/v1/webhooks/exports';
const at = requestsAt(path);
const args = [{ name: 'id', description: 'id of the export, job_…' }] as const;
const one = 'job_2c26b46b68ffc68ff99b453c1d304134';
const defaultWaitSeconds = 3_600;

/** Returns the filter of options such as `--filter status=delivered`. Throws CommandFailed for any other form. */
function filterOf({ options }: Given): Readonly<Record<string, string>> {
  const given = options['filter'];
  const pairs = Array.isArray(given) ? (given as readonly string[]) : [];
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
      if (name !== undefined && value !== undefined) return [name, value];
      throw new CommandFailed(exitCodes.usage, `--filter must be of the form field=value, got '${pair}'.`);
    }),
  );
}

async function readExport(target: Target, id: string): Promise<Export> {
  return (await callApi(target, { method: 'GET', path: `${path}/${encodeURIComponent(id)}` })) as Export;
}

type End = Readonly<{ waitSeconds: number; file: string | undefined }>;

/** Waits for the end of an export, and saves its file if one is named. Returns the export as it was read last. */
async function finish(given: Given, target: Target, { id, waitSeconds, file }: End & { id: string }) {
  const deadlineMs = performance.now() + waitSeconds * 1_000;
  const onProgress = (line: string): void => given.progress(line);
  const job = await watchJob(target, id, { deadlineMs, onProgress });
  if (job === null) {
    const message = `The export is not finished: tidings exports get ${id} shows its progress.`;
    throw new CommandFailed(exitCodes.unavailable, message);
  }
  const found = await readExport(target, id);
  if (file === undefined || found.status !== 'ready') return found;
  return saved(given, target, { found, file });
}

async function saved(
  given: Given,
  { url }: Target,
  { found, file }: Readonly<{ found: Export; file: string }>,
) {
  if (found.download_url === null) {
    throw new CommandFailed(exitCodes.refused, `The export has no file: it is ${found.status}.`);
  }
  const bytes = await saveFile(new URL(found.download_url, url).href, { file, folder: given.input.folder });
  return { ...found, saved_to: file, saved_bytes: bytes };
}

const failure = (body: object): CommandFailed | null => {
  const { status, error } = body as Export;
  return status === 'failed'
    ? new CommandFailed(exitCodes.refused, `The export failed: ${String(error)}`)
    : null;
};

const outOption: OptionSpec = { flags: '--out <file>', description: 'save the file here, once it is ready' };

/** tidings export and exports … */
export const exportCommands: readonly CommandSpec[] = [
  {
    name: 'export',
    description: 'export events, deliveries, attempts, dead_letters or the audit log to a file',
    args: [{ name: 'of', description: 'events, deliveries, attempts, dead_letters or audit' }],
    options: [
      { flags: '--format <format>', description: 'csv or ndjson (default: csv)' },
      {
        flags: '--filter <field=value>',
        description: 'a parameter of the list of the same objects, such as status=delivered; may be repeated',
        many: true,
      },
      { flags: '--gzip', description: 'compress the file' },
      { flags: '--bom', description: 'begin with a byte order mark, for Excel' },
      outOption,
      { flags: '--wait [duration]', description: 'wait for its end; --out waits too (default: 1h)' },
      onceOption,
    ],
    examples: [
      'export deliveries --format csv --filter status=dead_lettered --out deliveries.csv',
      'export audit --format ndjson --gzip --wait 10m',
      'export attempts --filter created_after=2026-11-01T00:00:00Z',
    ],
    view: 'object',
    run: async (given, target) => {
      const body = {
        of: given.args['of'],
        format: textOf(given, 'format') ?? 'csv',
        filter: filterOf(given),
        ...(given.options['gzip'] === true && { gzip: true }),
        ...(given.options['bom'] === true && { bom: true }),
      };
      const request = { method: 'POST', path, body, headers: onceHeader(given) } as const;
      const started = (await callApi(target, request)) as Export;
      const wait = given.options['wait'];
      const file = textOf(given, 'out');
      if (wait === undefined && file === undefined) return started;
      const waitSeconds = typeof wait === 'string' ? readSeconds('--wait', wait) : defaultWaitSeconds;
      return finish(given, target, { id: started.export_id, waitSeconds, file });
    },
    failsWhen: failure,
  },
  {
    name: 'exports list',
    description: 'list exports, newest first',
    options: pageOptions,
    examples: ['exports list'],
    view: {
      columns: [
        ['ID', 'export_id'],
        ['OF', 'of'],
        ['FORMAT', 'format'],
        ['STATUS', 'status'],
        ['RECORDS', 'total_records'],
        ['BYTES', 'bytes'],
        ['CREATED', 'created_at'],
        ['EXPIRES', 'expires_at'],
      ],
    },
    request: at.list(),
  },
  {
    name: 'exports get',
    description: 'show an export, with a link to its file; --out saves the file',
    args,
    options: [outOption],
    examples: [`exports get ${one}`, `exports get ${one} --out deliveries.csv`],
    view: 'object',
    run: async (given, target) => {
      const found = (await callApi(target, at.get()(given))) as Export;
      const file = textOf(given, 'out');
      return file === undefined ? found : saved(given, target, { found, file });
    },
  },
  {
    name: 'exports delete',
    description: 'delete an export and its file; one that has not ended is cancelled',
    args,
    examples: [`exports delete ${one}`],
    view: 'object',
    request: at.delete,
  },
];

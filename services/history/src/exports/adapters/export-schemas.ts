import { type JsonSchema, named, pageSchema } from '@tidings/http';
import { exportFormats } from '../domain/export-format.ts';
import { exportSubjects } from '../domain/export-spec.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const count = { type: 'integer', minimum: 0 } as const;
const countOrNull = { type: ['integer', 'null'], minimum: 0 } as const;
const time = { type: 'string', format: 'date-time' } as const;
const timeOrNull = { type: ['string', 'null'], format: 'date-time' } as const;
const flag = { type: 'boolean' } as const;

/** The states of an export as the API shows them. */
export const exportStatuses = [
  'queued',
  'running',
  'paused',
  'ready',
  'failed',
  'expired',
  'deleted',
] as const;
/** See {@link exportStatuses}. */
export type ExportStatus = (typeof exportStatuses)[number];

const object = (properties: Readonly<Record<string, JsonSchema>>) =>
  ({ type: 'object', properties, required: Object.keys(properties) }) as const;

const of = { type: 'string', enum: exportSubjects, description: 'What is exported.' } as const;
const format = {
  type: 'string',
  enum: exportFormats,
  description: '`csv`: RFC 4180 in UTF-8. `ndjson`: a line of JSON for each object, as the API returns it.',
} as const;

/** The body that requests an export. */
export const exportBody = named(
  'ExportRequest',
  {
    type: 'object',
    properties: {
      of,
      format,
      filter: {
        type: 'object',
        maxProperties: 20,
        propertyNames: { maxLength: 64 },
        additionalProperties: { type: 'string', maxLength: 512 },
        description:
          'The query parameters of the list of the same objects, without `limit` and `cursor`; for attempts those of the list of deliveries. Default: everything that the key can see.',
        examples: [{ status: 'dead_lettered', created_after: '2026-11-01T00:00:00Z' }],
      },
      gzip: { ...flag, default: false, description: 'Compresses the file.' },
      bom: {
        ...flag,
        default: false,
        description: 'Begins a CSV file with a byte order mark, by which Excel recognises UTF-8.',
      },
    },
    required: ['of', 'format'],
    additionalProperties: false,
  } as const,
  { of: 'deliveries', format: 'csv', filter: { status: 'dead_lettered' }, bom: true },
);

const example = {
  export_id: 'job_5f0c1d2e3a4b4c5d8e9f0a1b2c3d4e5f',
  status: 'ready',
  of: 'deliveries',
  format: 'csv',
  gzip: false,
  bom: true,
  filter: { status: 'dead_lettered' },
  requested_by: 'key_shop',
  consumer_id: null,
  created_at: '2026-11-23T08:00:00.000Z',
  ended_at: '2026-11-23T08:00:02.000Z',
  progress: { total: 1204, done: 1204, percent: 100 },
  total_records: 1204,
  bytes: 245_760,
  file_name: 'tidings-deliveries-2026-11-23.csv',
  download_url:
    '/v1/webhooks/exports/job_5f0c1d2e3a4b4c5d8e9f0a1b2c3d4e5f/file?expires=1795424402&signature=4f1d8a0c2b3e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8',
  expires_at: '2026-11-30T08:00:02.000Z',
  error: null,
} as const;

/** An export, in the format of `exportView`. */
export const exportSchema = named(
  'Export',
  object({
    export_id: { ...text, description: 'Also the id of its job.' },
    status: {
      enum: exportStatuses,
      description:
        '`ready`: the file can be downloaded. `expired`: it has been removed. `deleted`: it was removed because it may have contained data that is erased; request the export again.',
    },
    of,
    format,
    gzip: flag,
    bom: flag,
    filter: { type: 'object', additionalProperties: text },
    requested_by: { ...text, description: 'The key that requested it.' },
    consumer_id: { ...textOrNull, description: 'The consumer of that key; null: the whole workspace.' },
    created_at: time,
    ended_at: timeOrNull,
    progress: object({
      total: { ...countOrNull, description: 'Stored objects that match; null while it is not known.' },
      done: { ...count, description: 'Of these, the ones whose rows are in the file.' },
      percent: { ...countOrNull, maximum: 100 },
    }),
    total_records: { ...countOrNull, description: 'Rows of the file; null until it is ready.' },
    bytes: { ...countOrNull, description: 'Size of the file; null until it is ready.' },
    file_name: text,
    download_url: {
      ...textOrNull,
      description:
        'Relative to the URL of the API. Needs no key and is valid for an hour; each read of the export gives a new one. Null unless the export is ready.',
    },
    expires_at: {
      ...timeOrNull,
      description: 'Time at which the file is removed: 7 days after it was finished.',
    },
    error: { ...textOrNull, description: 'Why the export failed or was deleted.' },
  }),
  example,
);

/** A page of exports. */
export const exportListSchema = named('ExportPage', pageSchema(exportSchema));

/** The bytes of a file. */
export const fileSchema = named(
  'ExportFile',
  { type: 'string', format: 'binary' } as const,
  'id,status\r\ndlv_0b8e1a3c5d7f4e6a9b2c4d6e8f0a1b3c,delivered\r\n',
);

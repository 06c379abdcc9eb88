import type { ExportFormat } from './export-format.ts';

/** The objects that can be exported. */
export const exportSubjects = ['events', 'deliveries', 'attempts', 'dead_letters', 'audit'] as const;
/** See {@link exportSubjects}. */
export type ExportSubject = (typeof exportSubjects)[number];

/** The task of an export, as its job stores it. */
export type ExportSpec = Readonly<{
  of: ExportSubject;
  format: ExportFormat;
  /** As the API takes it: the parameters of the list of the same objects. */
  filter: Readonly<Record<string, string>>;
  isGzip: boolean;
  hasBom: boolean;
  /** Which poison records the key sees; see DeadLetterScope. */
  poison: 'none' | 'own' | 'nobodys';
  /** Only what was there at the request, by its creation: epoch milliseconds, exclusive. */
  beforeMs: number;
}>;

/** A part of the file that the storage has. */
export type FilePart = Readonly<{ number: number; bytes: number; tag: string }>;

/** The finished file. */
export type ExportFile = Readonly<{ bytes: number; modifiedAtMs: number }>;

/**
 * The progress of an export: the finished parts of its file, and the position behind the last row in them. A run after
 * a crash reads on from there, so every row is in the file once.
 */
export type ExportCheckpoint = Readonly<{
  uploadId: string | null;
  parts: readonly FilePart[];
  /** In the format of the source; null: at the beginning. */
  after: unknown;
  /** True once all rows are in the parts. */
  isRead: boolean;
  file: ExportFile | null;
  /** Ids of the erasures that are applied to every row since it began (again); absent if there are none. */
  erasures?: readonly string[];
  /** True if the file was removed because of an erasure. */
  isErased?: true;
}>;

/** The checkpoint of a new export. */
export const firstCheckpoint: ExportCheckpoint = {
  uploadId: null,
  parts: [],
  after: null,
  isRead: false,
  file: null,
};

/** The time for which a file can be downloaded. */
export const exportRetentionMs = 7 * 86_400_000;

/** Returns the time at which a file is removed, in epoch milliseconds. */
export const expiresAtMs = ({ modifiedAtMs }: ExportFile): number =>
  Math.floor(modifiedAtMs) + exportRetentionMs;

/** The prefix of the keys of all files in the storage. */
export const exportPrefix = 'exports/';

/** Returns the key of a file in the storage. */
export const fileKey = (workspace: string, id: string): string => `${exportPrefix}${workspace}/${id}`;

const extensions = { csv: 'csv', ndjson: 'ndjson' } as const satisfies Record<ExportFormat, string>;

/** Returns the name under which a browser saves the file. */
export const fileName = ({ of, format, isGzip, beforeMs }: ExportSpec): string => {
  const [day = ''] = new Date(beforeMs).toISOString().split('T');
  return `tidings-${of.replaceAll('_', '-')}-${day}.${extensions[format]}${isGzip ? '.gz' : ''}`;
};

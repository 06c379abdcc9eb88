import { catalogue } from '../../texts/index.ts';

/** The texts of the exports. */
export const texts = catalogue({
  en: {
    title: 'Exports',
    lead: 'Files of what the lists show, written in the background. They can be downloaded for 7 days.',
    emptyTitle: 'No exports yet',
    emptyHint:
      'Export all events, deliveries, attempts, dead letters or the audit log, or what a filter finds of them.',
    create: 'New export',
    columns: {
      of: 'Export',
      state: 'State',
      progress: 'Records',
      size: 'Size',
      created: 'Requested',
      actions: 'Actions',
    },
    subjects: {
      events: 'Events',
      deliveries: 'Deliveries',
      attempts: 'Attempts',
      dead_letters: 'Dead letters',
      audit: 'Audit log',
    },
    states: {
      queued: 'Queued',
      running: 'Running',
      paused: 'Paused',
      ready: 'Ready',
      failed: 'Failed',
      expired: 'Expired',
      deleted: 'Deleted',
    },
    erased: 'Deleted: it may contain data that were erased',
    formats: { csv: 'CSV', ndjson: 'NDJSON' },
    download: 'Download',
    remove: 'Delete',
    removeTitle: 'Delete this export?',
    removeHint: 'Its file is removed, and its link ends. One that has not ended is cancelled.',
    removed: 'Deleted.',
    records: (count: number) => (count === 1 ? '1 record' : `${count.toLocaleString()} records`),
    progress: 'Progress',
    everything: 'everything',
    bytes: (count: number) =>
      count < 1_024
        ? `${count} B`
        : count < 1_048_576
          ? `${(count / 1_024).toFixed(1)} KB`
          : `${(count / 1_048_576).toFixed(1)} MB`,
    newTitle: 'New export',
    newLead: 'Everything that the list of the same name shows, newest first, as it is when it is read.',
    back: 'All exports',
    what: 'Content',
    of: 'List',
    file: 'File',
    format: 'Format',
    formatHints: {
      csv: 'For spreadsheets: one row each, nested fields in columns of their own.',
      ndjson: 'For programs: one JSON object a line, every text unchanged.',
    },
    gzip: 'Compress the file (gzip)',
    bom: 'Begin with a byte order mark, by which Excel recognises UTF-8',
    filter: 'Filter',
    filterHint: (names: string) => `Of the API. Times as 2026-11-22T10:00:00Z. Names: ${names}.`,
    filterName: 'Name of the filter',
    addFilter: 'Add filter',
    start: 'Start export',
    started: 'The export has begun.',
  },
});

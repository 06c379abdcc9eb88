import { setTimeout as pause } from 'node:timers/promises';
import type { HistoryRecord } from '../history/record.ts';
import type { ChaosApi } from './chaos-api.ts';

type Row = Readonly<Record<string, unknown>>;

const msOf = (time: unknown): number => Date.parse(String(time));

/** Exports all objects of a kind and returns the lines of the file. */
const exported = async (api: ChaosApi, of: 'attempts' | 'dead_letters'): Promise<readonly Row[]> => {
  const { export_id: id } = await api.request('POST', '/v1/webhooks/exports', {
    of,
    format: 'ndjson',
    filter: {},
  });
  for (;;) {
    const {
      status,
      download_url: url,
      error,
    } = await api.request('GET', `/v1/webhooks/exports/${String(id)}`);
    if (status === 'ready') {
      const lines = (await api.download(String(url))).split('\n');
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
    }
    if (status !== 'queued' && status !== 'running')
      throw new Error(`the export of ${of} is ${String(status)}: ${String(error)}`);
    await pause(500);
  }
};

const attemptRecord = (row: Row): HistoryRecord[] => {
  if (row['outcome'] !== 'delivered' && row['outcome'] !== 'failed') return [];
  const next = row['next'] as Readonly<{ kind: string; at?: string }>;
  return [
    {
      ...({ kind: 'attempt', delivery: String(row['delivery_id']), event: String(row['event_id']) } as const),
      ...{
        subscription: String(row['subscription_id']),
        chain: Number(row['chain']),
        attempt: Number(row['attempt']),
      },
      ...{ at: msOf(row['at']), durationMs: Number(row['duration_ms']), outcome: row['outcome'] },
      status: row['status_code'] === null ? null : Number(row['status_code']),
      nextAt: next.kind === 'retry' ? msOf(next.at) : null,
    },
  ];
};

const deadLetterRecord = (row: Row): HistoryRecord => ({
  ...({ kind: 'dead-letter', delivery: String(row['delivery_id']), event: String(row['event_id']) } as const),
  ...{
    subscription: String(row['subscription_id']),
    reason: String(row['reason']),
    at: msOf(row['recorded_at']),
  },
  ...{ hasBody: Number(row['bytes']) > 0, state: String(row['state']) },
});

/** Reads what the system says of itself: every attempt and every dead letter. */
export const collectRecords = async (api: ChaosApi): Promise<readonly HistoryRecord[]> => [
  ...(await exported(api, 'attempts')).flatMap(attemptRecord),
  ...(await exported(api, 'dead_letters')).map(deadLetterRecord),
];

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { ConfirmDialog } from '../../parts/dialog/confirm-dialog.tsx';
import { ProgressBar } from '../../parts/jobs/progress-bar.tsx';
import { type Column, DataTable } from '../../parts/list/data-table.tsx';
import { usePages } from '../../parts/list/use-pages.ts';
import { Button, ButtonLink } from '../../parts/page/button.tsx';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { Empty } from '../../parts/page/states.tsx';
import { useToast } from '../../parts/page/toast.tsx';
import { StatusBadge, type Tone } from '../../parts/values/status-badge.tsx';
import { Time } from '../../parts/values/time.tsx';
import { jobTexts } from '../../texts/jobs.ts';
import styles from './exports.module.css';
import { texts } from './texts.ts';

type Export = Schemas['Export'];
type Row = Export & Readonly<{ id: string }>;

const openMs = 1_000;
const isOpen = ({ status }: Export) => status === 'queued' || status === 'running';
const tones: Readonly<Record<Export['status'], Tone>> = {
  queued: 'quiet',
  running: 'busy',
  paused: 'warn',
  ready: 'good',
  failed: 'bad',
  expired: 'quiet',
  deleted: 'quiet',
};

const withId = (one: Export): Row => ({ ...one, id: one.export_id });
const filterText = ({ filter }: Export): string =>
  Object.entries(filter)
    .map(([name, value]) => `${name}=${value}`)
    .join(' · ') || texts.everything;

const columns: readonly Column<Row>[] = [
  {
    name: texts.columns.of,
    width: 'minmax(0, 1.5fr)',
    isPlain: true,
    cell: (one) => (
      <span title={filterText(one)}>
        <strong>{texts.subjects[one.of]}</strong> {texts.formats[one.format]}{' '}
        <span className={styles.soft}>{filterText(one)}</span>
      </span>
    ),
  },
  {
    name: texts.columns.state,
    width: '110px',
    isPlain: true,
    cell: ({ status, error }) => (
      <span title={error === 'erased' ? texts.erased : (error ?? undefined)}>
        <StatusBadge tone={tones[status]}>{texts.states[status]}</StatusBadge>
      </span>
    ),
  },
  {
    name: texts.columns.progress,
    width: 'minmax(150px, 1fr)',
    isPlain: true,
    cell: (one) => <Records one={one} />,
  },
  {
    name: texts.columns.size,
    width: '80px',
    isRight: true,
    cell: ({ bytes }) => (bytes === null ? '–' : texts.bytes(bytes)),
  },
  {
    name: texts.columns.created,
    width: '120px',
    isPlain: true,
    cell: ({ created_at }) => <Time at={created_at} />,
  },
  { name: texts.columns.actions, width: '170px', isPlain: true, cell: (one) => <Actions one={one} /> },
];

function Records({ one: { status, progress, total_records } }: Readonly<{ one: Export }>) {
  if (total_records !== null) return texts.records(total_records);
  if (status !== 'queued' && status !== 'running' && status !== 'paused') return '–';
  const { done, total, percent } = progress;
  const text = total === null ? jobTexts.so(done) : jobTexts.of(done, total);
  return <ProgressBar label={texts.progress} percent={percent} text={text} />;
}

/** The list of exports: their progress, their files. */
export function Page() {
  const list = usePages<Row>({
    key: ['exports'],
    pageSize: 50,
    fetchPage: async (query, signal) => {
      const page = await dataOf(api.GET('/v1/webhooks/exports', { params: { query }, signal }));
      return { ...page, data: page.data.map(withId) };
    },
  });
  // As long as one of them is under way, the first page is read again.
  const newest = useQuery({
    queryKey: ['exports-newest'],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/exports', { params: { query: { limit: 50 } }, signal })),
    refetchInterval: ({ state: { data } }) => (data?.data.some(isOpen) === true ? openMs : false),
  });
  const current = new Map(newest.data?.data.map((one) => [one.export_id, withId(one)]));
  const rowAt = (index: number): Row | undefined => {
    const one = list.rowAt(index);
    return one && (current.get(one.id) ?? one);
  };
  const create = (
    <ButtonLink to="/exports/new" kind="primary">
      {texts.create}
    </ButtonLink>
  );
  return (
    <>
      <PageHeader title={texts.title} lead={texts.lead}>
        {create}
      </PageHeader>
      <DataTable
        label={texts.title}
        list={{ ...list, rowAt }}
        columns={columns}
        rowKey={({ id }) => id}
        empty={
          <Empty title={texts.emptyTitle} hint={texts.emptyHint}>
            {create}
          </Empty>
        }
      />
    </>
  );
}

function Actions({ one }: Readonly<{ one: Row }>) {
  const queries = useQueryClient();
  const toast = useToast();
  const [isAsking, setAsking] = useState(false);
  const name = `: ${texts.subjects[one.of]}, ${one.created_at}`;
  // A link is signed for an hour: read again, it is a fresh one.
  const download = async () => {
    const params = { path: { id: one.id } };
    const { download_url } = await dataOf(api.GET('/v1/webhooks/exports/{id}', { params }));
    if (download_url !== null) location.assign(download_url);
  };
  const remove = async () => {
    await dataOf(api.DELETE('/v1/webhooks/exports/{id}', { params: { path: { id: one.id } } }));
    await queries.invalidateQueries({ queryKey: ['exports-newest'] });
    await queries.invalidateQueries({ queryKey: ['exports'] });
    toast(texts.removed);
  };
  return (
    <span className={styles.actions}>
      {one.status === 'ready' && (
        <Button size="small" onClick={() => void download()}>
          {texts.download}
          <span className="hidden-text">{name}</span>
        </Button>
      )}
      {one.status !== 'deleted' && one.status !== 'expired' && (
        <Button size="small" kind="quiet" onClick={() => setAsking(true)}>
          {texts.remove}
          <span className="hidden-text">{name}</span>
        </Button>
      )}
      <ConfirmDialog
        isOpen={isAsking}
        title={texts.removeTitle}
        action={texts.remove}
        isDangerous
        onConfirm={remove}
        onClose={() => setAsking(false)}
      >
        <p>{texts.removeHint}</p>
      </ConfirmDialog>
    </span>
  );
}

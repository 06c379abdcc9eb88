import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { BulkDialog, type BulkWork } from '../../parts/jobs/bulk-dialog.tsx';
import { Button } from '../../parts/page/button.tsx';
import { ReasonField } from './reason-field.tsx';
import { texts } from './texts.ts';

type Filter = Schemas['DeadLetterFilter'];
type Outcome = Schemas['Job'] | Schemas['DryRun'];
type Props = Readonly<{ filter: Filter }>;

const chosen = (filter: Filter) => (Object.keys(filter).length === 0 ? ({ all: true } as const) : { filter });
const headerOf = (key: string | undefined) =>
  key === undefined ? {} : { header: { 'Idempotency-Key': key } };
const countOf = (outcome: Outcome): number => ('count' in outcome ? outcome.count : 0);

/** The work of a request that counts in a dry run, and otherwise starts a job. */
const workOf = (request: (isDryRun: boolean, key?: string) => Promise<Outcome>): BulkWork => ({
  count: async () => countOf(await request(true)),
  start: async (key) => (await request(false, key)) as Schemas['Job'],
});

/** Redrives or discards all dead letters that the filters of the list find. */
export function BulkActions({ filter }: Props) {
  if (!useMay('deliveries:write')) return null;
  return (
    <>
      <RedriveAll filter={filter} />
      <DiscardAll filter={filter} />
    </>
  );
}

function useJobPage() {
  const navigate = useNavigate();
  return ({ id }: Schemas['Job']) => void navigate({ to: '/jobs/$id', params: { id } as never });
}

function RedriveAll({ filter }: Props) {
  const t = texts.redriveAll;
  const [isOpen, setOpen] = useState(false);
  const showJob = useJobPage();
  const work = workOf(async (isDryRun, key) =>
    dataOf(
      api.POST('/v1/webhooks/dead-letters/redrive', {
        params: headerOf(key),
        body: { ...chosen(filter), ...(isDryRun ? { dry_run: true } : {}) },
      }),
    ),
  );
  return (
    <>
      <Button onClick={() => setOpen(true)}>{t.open}</Button>
      <BulkDialog
        isOpen={isOpen}
        title={t.title}
        action={t.action}
        countText={(count) => (count === 0 ? t.none : t.count(count))}
        work={work}
        onStarted={showJob}
        onClose={() => setOpen(false)}
      >
        <p>{t.hint}</p>
      </BulkDialog>
    </>
  );
}

function DiscardAll({ filter }: Props) {
  const t = texts.discardAll;
  const [isOpen, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const showJob = useJobPage();
  const work = workOf(async (isDryRun, key) => {
    const body = { ...chosen(filter), reason: reason.trim() || '-' };
    return dataOf(
      api.POST('/v1/webhooks/dead-letters/discard', {
        params: headerOf(key),
        body: { ...body, ...(isDryRun ? { dry_run: true } : {}) },
      }),
    );
  });
  return (
    <>
      <Button kind="danger" onClick={() => setOpen(true)}>
        {t.open}
      </Button>
      <BulkDialog
        isOpen={isOpen}
        title={t.title}
        action={t.action}
        countText={(count) => (count === 0 ? t.none : t.count(count))}
        isDangerous
        isReady={reason.trim() !== ''}
        work={work}
        onStarted={showJob}
        onClose={() => setOpen(false)}
      >
        <p>{t.hint}</p>
        <ReasonField value={reason} onChange={setReason} />
      </BulkDialog>
    </>
  );
}

import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { BulkDialog } from '../../parts/jobs/bulk-dialog.tsx';
import { Button } from '../../parts/page/button.tsx';
import { texts } from './texts.ts';

type Filter = Readonly<Record<string, string>>;
type Outcome = Schemas['Job'] | Schemas['DryRun'];

const retry = async (
  filter: Filter,
  more: Readonly<{ dry_run?: boolean }>,
  key?: string,
): Promise<Outcome> => {
  const params = key === undefined ? {} : { header: { 'Idempotency-Key': key } };
  const body = { filter: filter as never, ...more };
  return dataOf(api.POST('/v1/webhooks/deliveries/retry', { params, body }));
};

/** Retries all deliveries that the filters of the list find: counts them first, then starts a job and shows it. */
export function RetryAll({ filter }: Readonly<{ filter: Filter }>) {
  const may = useMay('deliveries:write');
  const navigate = useNavigate();
  const [isOpen, setOpen] = useState(false);
  if (!may) return null;
  const isFiltered = Object.keys(filter).length > 0;
  const t = texts.retry;
  return (
    <>
      <Button
        disabled={!isFiltered}
        title={isFiltered ? undefined : t.noFilter}
        onClick={() => setOpen(true)}
      >
        {t.open}
      </Button>
      <BulkDialog
        isOpen={isOpen}
        title={t.title}
        action={t.action}
        countText={(count) => (count === 0 ? t.none : t.count(count))}
        work={{
          count: async () => {
            const counted = await retry(filter, { dry_run: true });
            return 'count' in counted ? counted.count : 0;
          },
          start: async (key) => (await retry(filter, {}, key)) as Schemas['Job'],
        }}
        onStarted={({ id }) => void navigate({ to: '/jobs/$id', params: { id } as never })}
        onClose={() => setOpen(false)}
      >
        <p>{t.hint}</p>
        {filter['status'] === undefined && <p>{t.delivered}</p>}
      </BulkDialog>
    </>
  );
}

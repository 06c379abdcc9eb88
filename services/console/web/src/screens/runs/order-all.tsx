import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { BulkDialog } from '../../parts/jobs/bulk-dialog.tsx';
import { Button } from '../../parts/page/button.tsx';
import type { RunOrder } from './run-actions.tsx';
import { texts } from './texts.ts';

type Query = Readonly<Record<string, string>>;
type Outcome = Schemas['Job'] | Schemas['DryRun'];
type Many = Readonly<{ order: RunOrder; filter: Query }>;

const orderMany = async (
  { order, filter }: Many,
  more: Readonly<{ dry_run?: boolean }>,
  key?: string,
): Promise<Outcome> => {
  const params = key === undefined ? {} : { header: { 'Idempotency-Key': key } };
  const selection = Object.keys(filter).length === 0 ? { all: true as const } : { filter: filter as never };
  return dataOf(api.POST(`/v1/webhooks/runs/${order}`, { params, body: { ...selection, ...more } }));
};

/** Returns what can be ordered of the runs that the filters of the list find; null if nothing can. */
const manyOf = ({ status, ...filter }: Query): Many | null => {
  if (status === undefined || status === 'failed') return { order: 'retry', filter };
  // The reason and the step are of failed runs.
  const isOpen = status === 'running' || status === 'waiting';
  return isOpen && !('reason' in filter || 'step' in filter)
    ? { order: 'cancel', filter: { ...filter, status } }
    : null;
};

/**
 * Retries the failed runs that the filters of the list find or, if they find runs that have not ended, cancels those: counts
 * them first, then starts a job and shows it.
 */
export function OrderAll({ query }: Readonly<{ query: Query }>) {
  const may = useMay('deliveries:write');
  const navigate = useNavigate();
  const [isOpen, setOpen] = useState(false);
  const many = manyOf(query);
  if (!may || many === null) return null;
  const t = texts.orderAll[many.order];
  const isCancel = many.order === 'cancel';
  return (
    <>
      <Button {...(isCancel && { kind: 'danger' })} onClick={() => setOpen(true)}>
        {t.open}
      </Button>
      <BulkDialog
        isOpen={isOpen}
        title={t.title}
        action={t.action}
        countText={(count) => (count === 0 ? t.none : t.count(count))}
        isDangerous={isCancel}
        work={{
          count: async () => {
            const counted = await orderMany(many, { dry_run: true });
            return 'count' in counted ? counted.count : 0;
          },
          start: async (key) => (await orderMany(many, {}, key)) as Schemas['Job'],
        }}
        onStarted={({ id }) => void navigate({ to: '/jobs/$id', params: { id } as never })}
        onClose={() => setOpen(false)}
      >
        <p>{t.hint}</p>
      </BulkDialog>
    </>
  );
}

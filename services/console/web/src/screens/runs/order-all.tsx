import { api, dataOf } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { BulkButton, selectionOf } from '../../parts/jobs/bulk-button.tsx';
import type { RunOrder } from './run-actions.tsx';
import { texts } from './texts.ts';

type Query = Readonly<Record<string, string>>;
type Many = Readonly<{ order: RunOrder; filter: Query }>;

/** Returns what can be ordered of the runs that the filters of the list find; null if nothing can. */
const manyOf = ({ status, ...filter }: Query): Many | null => {
  if (status === undefined || status === 'failed') return { order: 'retry', filter };
  // The reason and the step are of failed runs.
  const isOpen = status === 'running' || status === 'waiting';
  return isOpen && !('reason' in filter || 'step' in filter)
    ? { order: 'cancel', filter: { ...filter, status } }
    : null;
};

/** Retries the failed runs that the filters of the list find or, if they find runs that have not ended, cancels those. */
export function OrderAll({ query }: Readonly<{ query: Query }>) {
  const may = useMay('deliveries:write');
  const many = manyOf(query);
  if (!may || many === null) return null;
  const { order, filter } = many;
  const words = texts.orderAll[order];
  return (
    <BulkButton
      words={words}
      isDangerous={order === 'cancel'}
      request={async ({ params, dryRun }) => {
        const body = { ...selectionOf(filter as never), ...dryRun };
        return dataOf(api.POST(`/v1/webhooks/runs/${order}`, { params, body }));
      }}
    >
      <p>{words.hint}</p>
    </BulkButton>
  );
}

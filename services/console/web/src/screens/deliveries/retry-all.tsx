import { api, dataOf } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { BulkButton } from '../../parts/jobs/bulk-button.tsx';
import { texts } from './texts.ts';

type Filter = Readonly<Record<string, string>>;

/** Retries all deliveries that the filters of the list find. */
export function RetryAll({ filter }: Readonly<{ filter: Filter }>) {
  if (!useMay('deliveries:write')) return null;
  const isFiltered = Object.keys(filter).length > 0;
  const words = texts.retry;
  return (
    <BulkButton
      words={words}
      refusal={isFiltered ? undefined : words.noFilter}
      request={async ({ params, dryRun }) => {
        const body = { filter: filter as never, ...dryRun };
        return dataOf(api.POST('/v1/webhooks/deliveries/retry', { params, body }));
      }}
    >
      <p>{words.hint}</p>
      {filter['status'] === undefined && <p>{words.delivered}</p>}
    </BulkButton>
  );
}

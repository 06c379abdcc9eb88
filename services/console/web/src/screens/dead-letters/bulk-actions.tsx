import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { BulkButton, selectionOf } from '../../parts/jobs/bulk-button.tsx';
import { ReasonField } from './reason-field.tsx';
import { texts } from './texts.ts';

type Props = Readonly<{ filter: Schemas['DeadLetterFilter'] }>;

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

function RedriveAll({ filter }: Props) {
  return (
    <BulkButton
      words={texts.redriveAll}
      request={async ({ params, dryRun }) => {
        const body = { ...selectionOf(filter), ...dryRun };
        return dataOf(api.POST('/v1/webhooks/dead-letters/redrive', { params, body }));
      }}
    >
      <p>{texts.redriveAll.hint}</p>
    </BulkButton>
  );
}

function DiscardAll({ filter }: Props) {
  const [reason, setReason] = useState('');
  return (
    <BulkButton
      words={texts.discardAll}
      isDangerous
      isReady={reason.trim() !== ''}
      request={async ({ params, dryRun }) => {
        const body = { ...selectionOf(filter), reason: reason.trim() || '-', ...dryRun };
        return dataOf(api.POST('/v1/webhooks/dead-letters/discard', { params, body }));
      }}
    >
      <p>{texts.discardAll.hint}</p>
      <ReasonField value={reason} onChange={setReason} />
    </BulkButton>
  );
}

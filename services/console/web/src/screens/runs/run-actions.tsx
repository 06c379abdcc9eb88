import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { ConfirmButton } from '../../parts/dialog/confirm-button.tsx';
import { TextField } from '../../parts/form/fields.tsx';
import { texts } from './texts.ts';

/** An order for a run. */
export type RunOrder = 'retry' | 'cancel';

type Props = Readonly<{
  run: Pick<Schemas['Run'], 'id' | 'status' | 'failure'>;
  /** Called once the order is in the log: its application takes it up. */
  onOrdered: (order: RunOrder) => void;
}>;

const maxReason = 500;

/** Retries a run that has failed, unless it became too large, and cancels one that has not ended. */
export function RunActions({ run, onOrdered }: Props) {
  const may = useMay('deliveries:write');
  if (!may) return null;
  if (run.status === 'failed') {
    // The API refuses to retry one that became too large: the results of its steps are gone.
    return run.failure?.reason === 'state-too-large' ? null : <Retry run={run} onOrdered={onOrdered} />;
  }
  if (run.status === 'running' || run.status === 'waiting') return <Cancel run={run} onOrdered={onOrdered} />;
  return null;
}

function Retry({ run: { id }, onOrdered }: Props) {
  const retry = async () => {
    await dataOf(api.POST('/v1/webhooks/runs/{id}/retry', { params: { path: { id } } }));
    onOrdered('retry');
  };
  return (
    <ConfirmButton title={texts.retryTitle} action={texts.retry} onConfirm={retry}>
      <p>{texts.retryHint}</p>
    </ConfirmButton>
  );
}

function Cancel({ run: { id }, onOrdered }: Props) {
  const [reason, setReason] = useState('');
  const cancel = async () => {
    const given = reason.trim();
    if (given.length > maxReason) throw new Error(texts.becauseLong(given.length, maxReason));
    const body = given === '' ? {} : { reason: given };
    await dataOf(api.POST('/v1/webhooks/runs/{id}/cancel', { params: { path: { id } }, body }));
    onOrdered('cancel');
  };
  return (
    <ConfirmButton title={texts.cancelTitle} action={texts.cancel} isDangerous onConfirm={cancel}>
      <p>{texts.cancelHint}</p>
      <TextField
        label={texts.because}
        hint={texts.becauseHint}
        value={reason}
        onChange={setReason}
        error={undefined}
      />
    </ConfirmButton>
  );
}

import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { ConfirmButton } from '../../parts/dialog/confirm-button.tsx';
import { useToast } from '../../parts/page/toast.tsx';
import { ReasonField } from './reason-field.tsx';
import { texts } from './texts.ts';

type DeadLetter = Schemas['DeadLetterDetail'];
type Props = Readonly<{ deadLetter: DeadLetter; onDone: () => void }>;

/** Redrives and discards one dead letter that waits. */
export function DeadLetterActions({ deadLetter, onDone }: Props) {
  const may = useMay('deliveries:write');
  if (!may || deadLetter.state !== 'waiting') return null;
  return (
    <>
      {!deadLetter.erased && <Redrive deadLetter={deadLetter} onDone={onDone} />}
      <Discard deadLetter={deadLetter} onDone={onDone} />
    </>
  );
}

function Redrive({ deadLetter, onDone }: Props) {
  const { id, origin } = deadLetter;
  const toast = useToast();
  // One key for one intention: a repeat after an error sends no second webhook.
  const [key, setKey] = useState('');
  const redrive = async () => {
    const params = { path: { id }, header: { 'Idempotency-Key': key } };
    const body = origin === null ? {} : { to_origin: true };
    await dataOf(api.POST('/v1/webhooks/dead-letters/{id}/redrive', { params, body }));
    toast(texts.redriving);
    onDone();
  };
  return (
    <ConfirmButton
      title={texts.redriveTitle}
      action={texts.redrive}
      onOpen={() => setKey(crypto.randomUUID())}
      onConfirm={redrive}
    >
      <p>{origin === null ? texts.redriveHint : texts.toOriginHint(origin.topic)}</p>
    </ConfirmButton>
  );
}

function Discard({ deadLetter: { id }, onDone }: Props) {
  const toast = useToast();
  const queries = useQueryClient();
  const [reason, setReason] = useState('');
  const discard = async () => {
    if (reason.trim() === '') throw new Error(texts.becauseMissing);
    const params = { path: { id } };
    await dataOf(
      api.POST('/v1/webhooks/dead-letters/{id}/discard', { params, body: { reason: reason.trim() } }),
    );
    void queries.invalidateQueries({ queryKey: ['dead-letters'] });
    toast(texts.discarded);
    onDone();
  };
  return (
    <ConfirmButton title={texts.discardTitle} action={texts.discard} isDangerous onConfirm={discard}>
      <p>{texts.discardHint}</p>
      <ReasonField value={reason} onChange={setReason} />
    </ConfirmButton>
  );
}

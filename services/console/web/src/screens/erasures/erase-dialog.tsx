import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { ConfirmDialog } from '../../parts/dialog/confirm-dialog.tsx';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { TextField } from '../../parts/form/fields.tsx';
import { texts } from './texts.ts';

type Props = Readonly<{
  isOpen: boolean;
  /** The id of what is erased, which has to be typed. */
  subject: string;
  request: Schemas['ErasureRequest'];
  onClose: () => void;
}>;

/** Asks for the id of what is erased, erases it, and shows the job. */
export function EraseDialog({ isOpen, subject, request, onClose }: Props) {
  const navigate = useNavigate();
  const [typed, setTyped] = useState('');
  const [key, setKey] = useState('');
  useEffect(() => {
    if (!isOpen) return;
    setTyped('');
    setKey(crypto.randomUUID());
  }, [isOpen]);
  const erase = async () => {
    if (typed.trim() !== subject) throw new Error(texts.mismatch);
    const params = { header: { 'Idempotency-Key': key } };
    const { id } = await dataOf(api.POST('/v1/webhooks/erasures', { params, body: request }));
    await navigate({ to: '/jobs/$id', params: { id } as never });
  };
  return (
    <ConfirmDialog
      isOpen={isOpen}
      title={texts.confirmTitle}
      action={texts.erase}
      isDangerous
      onConfirm={erase}
      onClose={onClose}
    >
      <p>{texts.goes}</p>
      <p>{texts.remains}</p>
      <p>
        {texts.confirm('')}
        <code>
          <ForeignText>{subject}</ForeignText>
        </code>
      </p>
      <TextField label={texts.typed} value={typed} onChange={setTyped} error={undefined} isCode isRequired />
    </ConfirmDialog>
  );
}

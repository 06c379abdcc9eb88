import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { ConfirmButton } from '../../parts/dialog/confirm-button.tsx';
import { Dialog } from '../../parts/dialog/dialog.tsx';
import { SwitchState } from '../../parts/dialog/switch-state.tsx';
import { SelectField, TextField } from '../../parts/form/fields.tsx';
import { Form } from '../../parts/form/form.tsx';
import { useIntention } from '../../parts/form/intention.ts';
import { useForm } from '../../parts/form/use-form.ts';
import { Button } from '../../parts/page/button.tsx';
import { useToast } from '../../parts/page/toast.tsx';
import { type ProviderName, providerGuides } from './providers.ts';
import { texts } from './texts.ts';

type Props = Readonly<{ source: Schemas['Source']; onChanged: () => void }>;

/** A button that disables a source, or enables it again. */
export function SwitchSource({ source: { id, state }, onChanged }: Props) {
  const isActive = state === 'active';
  const params = { path: { id } };
  return (
    <SwitchState
      isActive={isActive}
      texts={texts}
      onSwitch={async () =>
        dataOf(
          isActive
            ? api.POST('/v1/webhooks/sources/{id}/disable', { params })
            : api.POST('/v1/webhooks/sources/{id}/enable', { params }),
        )
      }
      onChanged={onChanged}
    />
  );
}

/** A button that deletes a source, and then shows the others. */
export function DeleteSource({ source: { id } }: Pick<Props, 'source'>) {
  const toast = useToast();
  const navigate = useNavigate();
  const remove = async () => {
    await dataOf(api.DELETE('/v1/webhooks/sources/{id}', { params: { path: { id } } }));
    toast(texts.removed);
    void navigate({ to: '/sources' });
  };
  return (
    <ConfirmButton title={texts.removeTitle} action={texts.remove} isDangerous onConfirm={remove}>
      <p>{texts.removeHint}</p>
    </ConfirmButton>
  );
}

const overlaps = ['0', '600', '3600', '86400', '604800'] as const;
type RotateForm = Readonly<{ secret: string; overlap_seconds: (typeof overlaps)[number] }>;

/** A button that gives a source a new secret. */
export function RotateSecret(props: Props) {
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>{texts.rotate}</Button>
      <Dialog isOpen={isOpen} title={texts.rotateTitle} onClose={close}>
        <RotateFields {...props} onClose={close} />
      </Dialog>
    </>
  );
}

function RotateFields({
  source: { id, provider },
  onChanged,
  onClose,
}: Props & Readonly<{ onClose: () => void }>) {
  const toast = useToast();
  const intentionOf = useIntention();
  const form = useForm<RotateForm, unknown>({
    initial: { values: { secret: '', overlap_seconds: '86400' } },
    check: ({ secret }) => new Map(secret === '' ? [['secret', texts.form.secretMissing]] : []),
    save: async ({ values }) => {
      const params = { path: { id }, header: { 'Idempotency-Key': intentionOf(values).key } };
      const body = { secret: values.secret, overlap_seconds: Number(values.overlap_seconds) };
      return dataOf(api.POST('/v1/webhooks/sources/{id}/rotate', { params, body }));
    },
    onSaved: () => {
      toast(texts.rotated);
      onClose();
      onChanged();
    },
  });
  const guide = providerGuides[provider as ProviderName];
  return (
    <Form form={form} label={texts.rotateTitle} action={texts.rotate} onCancel={onClose} isInDialog>
      <p>{texts.rotateHint}</p>
      <TextField
        label={texts.newSecret}
        hint={`${guide?.secret ?? ''} ${texts.form.secretKept}`}
        type="password"
        isCode
        isRequired
        {...form.bind('secret')}
      />
      <SelectField
        label={texts.overlap}
        options={overlaps}
        labelOf={(one) => texts.overlaps[one]}
        {...form.bind('overlap_seconds')}
      />
    </Form>
  );
}

import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { Dialog } from '../../parts/dialog/dialog.tsx';
import type { Faults } from '../../parts/form/faults.ts';
import { CheckField, TextField } from '../../parts/form/fields.tsx';
import { Form } from '../../parts/form/form.tsx';
import { payloadBytesOf, payloadFault } from '../../parts/form/payload-limit.ts';
import { useForm } from '../../parts/form/use-form.ts';
import { Button } from '../../parts/page/button.tsx';
import { useToast } from '../../parts/page/toast.tsx';
import { texts } from './texts.ts';

type Props = Readonly<{ source: Schemas['Source']; onChanged: () => void }>;
type EditForm = Readonly<{ name: string; spool: boolean; max_payload_bytes: string }>;

const faultsOf = ({ name, max_payload_bytes }: EditForm): Faults => {
  const limit = payloadFault(max_payload_bytes);
  return new Map([
    ...(name.trim() === '' ? [['name', texts.form.nameMissing] as const] : []),
    ...(limit === null ? [] : [['max_payload_bytes', limit] as const]),
  ]);
};

/** A button that changes the name of a source, its largest webhook, and whether its webhooks wait on disk while the log is away. */
export function EditSource(props: Props) {
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>{texts.edit}</Button>
      <Dialog isOpen={isOpen} title={texts.editTitle} onClose={close}>
        <EditFields {...props} onClose={close} />
      </Dialog>
    </>
  );
}

function EditFields({ source, onChanged, onClose }: Props & Readonly<{ onClose: () => void }>) {
  const t = texts.form;
  const toast = useToast();
  const form = useForm<EditForm, Schemas['Source']>({
    initial: {
      values: {
        ...{ name: source.name, spool: source.spool },
        max_payload_bytes: source.max_payload_bytes === null ? '' : String(source.max_payload_bytes),
      },
    },
    check: faultsOf,
    save: async ({ values, base }) => {
      const params = { path: { id: source.id }, header: { 'If-Match': `"${source.version}"` } };
      const body = {
        ...(values.name === base.name ? {} : { name: values.name.trim() }),
        ...(values.spool === base.spool ? {} : { spool: values.spool }),
        ...(values.max_payload_bytes === base.max_payload_bytes
          ? {}
          : { max_payload_bytes: payloadBytesOf(values.max_payload_bytes) }),
      };
      return dataOf(api.PATCH('/v1/webhooks/sources/{id}', { params, body }));
    },
    onSaved: () => {
      toast(texts.edited);
      onClose();
      onChanged();
    },
  });
  return (
    <Form
      form={form}
      label={texts.editTitle}
      action={texts.editSave}
      onCancel={onClose}
      isInDialog
      needsChange
    >
      <TextField label={t.name} hint={t.nameHint} isRequired {...form.bind('name')} />
      <TextField
        label={t.maxPayload}
        hint={t.maxPayloadHint}
        inputMode="numeric"
        width={12}
        {...form.bind('max_payload_bytes')}
      />
      <CheckField label={t.spoolOn} hint={t.spoolHint} {...form.bind('spool')} />
    </Form>
  );
}

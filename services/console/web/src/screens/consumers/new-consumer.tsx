import { Link, useNavigate } from '@tanstack/react-router';
import { api, dataOf } from '../../api/client.ts';
import { TextField } from '../../parts/form/fields.tsx';
import { Form, FormSection } from '../../parts/form/form.tsx';
import { useIntention } from '../../parts/form/intention.ts';
import { useForm } from '../../parts/form/use-form.ts';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { texts } from './texts.ts';

const empty = { id: '', name: '', contact: '' };

/** Creates a consumer. */
export function Page() {
  const t = texts.form;
  const navigate = useNavigate();
  const intentionOf = useIntention();
  const form = useForm({
    initial: { values: empty },
    check: ({ id }) => new Map(id.trim() === '' ? [['id', t.idMissing]] : []),
    save: async ({ values }) => {
      const { id, name, contact } = values;
      const body = {
        id: id.trim(),
        ...(name.trim() === '' ? {} : { name: name.trim() }),
        ...(contact.trim() === '' ? {} : { contact: contact.trim() }),
      };
      const params = { header: { 'Idempotency-Key': intentionOf(values).key } };
      return dataOf(api.POST('/v1/webhooks/consumers', { params, body }));
    },
    onSaved: ({ id }) => void navigate({ to: '/consumers/$id', params: { id } as never }),
  });
  return (
    <>
      <PageHeader
        title={t.createTitle}
        above={<Link to="/consumers">← {texts.back}</Link>}
        lead={t.createLead}
      />
      <Form form={form} label={t.createTitle} action={t.create}>
        <FormSection title={t.section}>
          <TextField label={t.id} hint={t.idHint} isCode isRequired {...form.bind('id')} />
          <TextField label={t.name} hint={t.nameHint} {...form.bind('name')} />
          <TextField label={t.contact} hint={t.contactHint} {...form.bind('contact')} />
        </FormSection>
      </Form>
    </>
  );
}

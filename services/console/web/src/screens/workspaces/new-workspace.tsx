import { Link, useNavigate } from '@tanstack/react-router';
import { api, dataOf } from '../../api/client.ts';
import { SelectField, TextField } from '../../parts/form/fields.tsx';
import { Form, FormSection } from '../../parts/form/form.tsx';
import { useIntention } from '../../parts/form/intention.ts';
import { useForm } from '../../parts/form/use-form.ts';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { texts } from './texts.ts';

type WorkspaceForm = Readonly<{ id: string; name: string; event_type_policy: 'strict' | 'open' }>;

const empty: WorkspaceForm = { id: '', name: '', event_type_policy: 'strict' };
const policies = ['strict', 'open'] as const;

/** Creates a workspace, and leads to its first key. */
export function Page() {
  const t = texts.form;
  const navigate = useNavigate();
  const intentionOf = useIntention();
  const form = useForm({
    initial: { values: empty },
    check: ({ id }) => new Map(id.trim() === '' ? [['id', t.idMissing]] : []),
    save: async ({ values }) => {
      const { id, name, event_type_policy } = values;
      const body = {
        id: id.trim(),
        event_type_policy,
        ...(name.trim() === '' ? {} : { name: name.trim() }),
      };
      const params = { header: { 'Idempotency-Key': intentionOf(values).key } };
      return dataOf(api.POST('/v1/webhooks/workspaces', { params, body }));
    },
    onSaved: ({ id }) => void navigate({ to: '/keys/new', search: { workspace_id: id } as never }),
  });
  return (
    <>
      <PageHeader title={t.title} above={<Link to="/workspaces">← {texts.back}</Link>} lead={t.lead} />
      <Form form={form} label={t.title} action={t.submit}>
        <FormSection title={t.section}>
          <TextField label={t.id} hint={t.idHint} isCode isRequired {...form.bind('id')} />
          <TextField label={t.name} hint={t.nameHint} {...form.bind('name')} />
          <SelectField
            label={t.policy}
            hint={t.policyHint}
            options={policies}
            labelOf={(one) => t.policies[one]}
            {...form.bind('event_type_policy')}
          />
        </FormSection>
      </Form>
    </>
  );
}

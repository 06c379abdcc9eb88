import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../../api/client.ts';
import { useMay, useSession } from '../../../app/session-context.ts';
import { Form } from '../../../parts/form/form.tsx';
import { useForm } from '../../../parts/form/use-form.ts';
import { PageHeader } from '../../../parts/page/page-header.tsx';
import { NotAllowed } from '../../../parts/page/states.tsx';
import { useToast } from '../../../parts/page/toast.tsx';
import { texts } from '../texts.ts';
import { EventTypeFields } from './event-type-fields.tsx';
import { bodyOf, checkValues, newValues, type TypeValues } from './event-type-values.ts';

/** Registers an event type. */
export function Page() {
  const mayChange = useMay('admin');
  return mayChange && useSession().entry === 'operator' ? <NewType /> : <NotAllowed scope="admin" />;
}

function NewType() {
  const t = texts.form;
  const navigate = useNavigate();
  const queries = useQueryClient();
  const toast = useToast();
  const form = useForm<TypeValues, Schemas['EventType']>({
    initial: { values: newValues },
    check: checkValues,
    save: async ({ values }) => {
      const body = { name: values.name.trim(), ...bodyOf(values) };
      return dataOf(api.POST('/v1/webhooks/event-types', { body })) as Promise<Schemas['EventType']>;
    },
    onSaved: ({ name }) => {
      void queries.invalidateQueries({ queryKey: ['event-types'] });
      toast(t.created);
      void navigate({ to: '/event-types/$name', params: { name } });
    },
  });
  return (
    <>
      <PageHeader title={t.newTitle} lead={t.newLead} above={<Link to="/event-types">← {texts.back}</Link>} />
      <Form
        form={form}
        label={t.newTitle}
        action={t.create}
        onCancel={() => void navigate({ to: '/event-types' })}
      >
        <EventTypeFields form={form} isNew states={['active', 'draft']} />
      </Form>
    </>
  );
}

import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay, useSession } from '../../app/session-context.ts';
import { CheckField, TextField } from '../../parts/form/fields.tsx';
import { Form, FormSection } from '../../parts/form/form.tsx';
import { useIntention } from '../../parts/form/intention.ts';
import { useForm } from '../../parts/form/use-form.ts';
import { useFilters } from '../../parts/list/filters.ts';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { NotAllowed } from '../../parts/page/states.tsx';
import { useTop } from '../../parts/page/use-top.ts';
import { newBody } from './form/bodies.ts';
import { checkValues } from './form/check-values.ts';
import { fieldTexts } from './form/field-texts.ts';
import { AdvancedFields, EndpointFields, EventFields } from './form/subscription-fields.tsx';
import { newValues } from './form/values.ts';
import { useNames } from './names.ts';
import { newFilters } from './subscription-filters.ts';
import { NewSecret } from './verification/new-secret.tsx';

const t = fieldTexts;

/** Creates a subscription, then shows its secret with code that verifies. */
export function Page() {
  const mayWrite = useMay('subscriptions:write');
  const [created, setCreated] = useState<Schemas['CreatedSubscription'] | null>(null);
  const navigate = useNavigate();
  const names = useNames();
  useTop(created !== null);
  if (!mayWrite) return <NotAllowed scope="subscriptions:write" />;
  if (created === null) return <CreateForm onCreated={setCreated} />;
  const show = () => void navigate({ to: '/subscriptions/$id', params: { id: created.id } });
  return (
    <>
      <PageHeader title={names.created} above={<Link to="/subscriptions">← {names.back}</Link>} />
      <NewSecret subscription={created} warnings={created.warnings} onDone={show} />
    </>
  );
}

type Props = Readonly<{ onCreated: (created: Schemas['CreatedSubscription']) => void }>;

function CreateForm({ onCreated }: Props) {
  const { entry } = useSession();
  const names = useNames();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [{ consumer_id = '' }] = useFilters(newFilters);
  const intention = useIntention();
  const form = useForm({
    initial: { values: newValues(consumer_id) },
    check: checkValues,
    save: async ({ values }) => {
      const body = newBody(values);
      const params = { header: { 'Idempotency-Key': intention(body).key } };
      return dataOf(api.POST('/v1/webhooks/subscriptions', { params, body: body as never }));
    },
    onSaved: (created) => {
      void queries.invalidateQueries({ queryKey: ['subscriptions'] });
      onCreated(created);
    },
  });
  return (
    <>
      <PageHeader title={names.newTitle} above={<Link to="/subscriptions">← {names.back}</Link>} />
      <Form
        form={form}
        label={names.newTitle}
        action={names.create}
        shows={['secret_headers']}
        onCancel={() => void navigate({ to: '/subscriptions' })}
      >
        <EndpointFields form={form}>
          {entry === 'operator' && (
            <TextField label={t.consumer} hint={t.consumerHint} isCode {...form.bind('consumer_id')} />
          )}
        </EndpointFields>
        <EventFields form={form} />
        <AdvancedFields form={form} stored={null} />
        <FormSection title={t.start}>
          <TextField label={t.secret} hint={t.secretHint} type="password" isCode {...form.bind('secret')} />
          <CheckField label={t.active} hint={t.activeHint} {...form.bind('is_active')} />
          {form.values.is_active && <CheckField label={t.sendTest} {...form.bind('send_test')} />}
        </FormSection>
      </Form>
    </>
  );
}

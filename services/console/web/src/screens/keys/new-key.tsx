import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useSession } from '../../app/session-context.ts';
import { CheckField, SelectField, TextField } from '../../parts/form/fields.tsx';
import { Form, FormSection } from '../../parts/form/form.tsx';
import { useIntention } from '../../parts/form/intention.ts';
import { ScopesField } from '../../parts/form/scopes-field.tsx';
import { useForm } from '../../parts/form/use-form.ts';
import { useFilters } from '../../parts/list/filters.ts';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { SecretOnce } from '../../parts/page/secret-once.tsx';
import { useTop } from '../../parts/page/use-top.ts';
import { newKeyFilters } from './key-filters.ts';
import { expiries, grantableScopes, type KeyForm, keyFaults, maySpool, requestOf } from './key-request.ts';
import { texts } from './texts.ts';

/** Creates a key, and shows it once. */
export function Page() {
  const navigate = useNavigate();
  const [{ consumer_id, workspace_id }] = useFilters(newKeyFilters);
  const [made, setMade] = useState<Schemas['CreatedApiKey'] | null>(null);
  useTop(made !== null);
  const search = workspace_id === undefined ? {} : { workspace_id };
  const t = texts.form;
  return (
    <>
      <PageHeader
        title={t.title}
        above={
          <Link to="/keys" search={search as never}>
            ← {texts.back}
          </Link>
        }
        lead={t.lead}
      />
      {made === null ? (
        <KeyFields consumerId={consumer_id ?? ''} workspaceId={workspace_id} onMade={setMade} />
      ) : (
        <SecretOnce
          title={t.madeTitle}
          hint={t.madeHint}
          name={t.label}
          secret={made.key}
          onDone={() =>
            void navigate({ to: '/keys/$id', params: { id: made.id } as never, search: search as never })
          }
        />
      )}
    </>
  );
}

type Props = Readonly<{
  consumerId: string;
  workspaceId: string | undefined;
  onMade: (key: Schemas['CreatedApiKey']) => void;
}>;

function KeyFields({ consumerId, workspaceId, onMade }: Props) {
  const t = texts.form;
  const { scopes: held } = useSession().session.identity;
  const intentionOf = useIntention();
  const form = useForm<KeyForm, Schemas['CreatedApiKey']>({
    initial: { values: { ...emptyForm, consumer_id: consumerId } },
    check: (values) => keyFaults(values, Date.now()),
    save: async ({ values }) => {
      const { key, beganMs } = intentionOf(values);
      const body = {
        ...requestOf(values, beganMs),
        ...(workspaceId === undefined ? {} : { workspace_id: workspaceId }),
      };
      const params = { header: { 'Idempotency-Key': key } };
      return dataOf(api.POST('/v1/webhooks/api-keys', { params, body }));
    },
    onSaved: onMade,
  });
  const { consumer_id, expires_at } = form.values;
  return (
    <Form form={form} label={t.title} action={t.submit}>
      <FormSection title={t.whose}>
        <TextField label={t.name} hint={t.nameHint} {...form.bind('name')} />
        <TextField label={t.consumer} hint={t.consumerHint} isCode {...form.bind('consumer_id')} />
      </FormSection>
      <FormSection title={t.may}>
        <ScopesField
          label={t.scopes}
          hint={consumer_id.trim() === '' ? t.scopesHint : t.consumerScopes}
          options={grantableScopes(held, consumer_id)}
          {...form.bind('scopes')}
        />
      </FormSection>
      <FormSection title={t.limits}>
        <SelectField
          label={t.expires}
          options={expiries}
          labelOf={(one) => t.expiries[one]}
          {...form.bind('expires_at')}
        />
        {expires_at === 'on' && (
          <TextField label={t.expiresOn} type="date" width={14} {...form.bind('expires_on')} />
        )}
        <TextField
          label={t.rate}
          hint={t.rateHint}
          inputMode="decimal"
          width={10}
          {...form.bind('requests_per_second')}
        />
        {maySpool(form.values) && (
          <>
            <TextField
              label={t.maxPayload}
              hint={t.maxPayloadHint}
              inputMode="numeric"
              width={12}
              {...form.bind('max_payload_bytes')}
            />
            <CheckField label={t.spool} hint={t.spoolHint} {...form.bind('spool')} />
          </>
        )}
      </FormSection>
    </Form>
  );
}

const emptyForm: KeyForm = {
  name: '',
  scopes: [],
  consumer_id: '',
  expires_at: '365',
  expires_on: '',
  requests_per_second: '',
  max_payload_bytes: '',
  spool: false,
};

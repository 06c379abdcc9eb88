import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { ChangedMeanwhile } from '../../parts/form/changed-meanwhile.tsx';
import { Form } from '../../parts/form/form.tsx';
import { type Read, useForm } from '../../parts/form/use-form.ts';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { ErrorState, Loading, NotAllowed } from '../../parts/page/states.tsx';
import { useToast } from '../../parts/page/toast.tsx';
import { patchOf } from './form/bodies.ts';
import { checkValues } from './form/check-values.ts';
import { fieldTexts } from './form/field-texts.ts';
import { AdvancedFields, EndpointFields, EventFields } from './form/subscription-fields.tsx';
import { valueText } from './form/value-text.ts';
import { type Values, valuesOf } from './form/values.ts';
import { useNames } from './names.ts';
import { texts } from './texts.ts';

type Subscription = Schemas['Subscription'];

/** Changes a subscription. What somebody else has changed meanwhile is shown, and joined with the own changes. */
export function Page() {
  const { id = '' } = useParams({ strict: false }) as Readonly<{ id?: string }>;
  const mayWrite = useMay('subscriptions:write');
  const { data, error, refetch } = useQuery({
    queryKey: ['subscription', id, 'to-edit'],
    queryFn: async ({ signal }) => readSubscription(id, signal),
    // The form begins with what is stored now, and keeps that until it is saved.
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    enabled: mayWrite,
  });
  if (!mayWrite) return <NotAllowed scope="subscriptions:write" />;
  if (data !== undefined) return <EditForm subscription={data} />;
  return error === null ? <Loading /> : <ErrorState isPage error={error} onRetry={() => void refetch()} />;
}

const readSubscription = async (id: string, signal?: AbortSignal): Promise<Subscription> =>
  dataOf(api.GET('/v1/webhooks/subscriptions/{id}', { params: { path: { id } }, signal: signal ?? null }));

const formOf = (subscription: Subscription): Read<Values> => ({
  values: valuesOf(subscription),
  etag: `"${subscription.version}"`,
});

function EditForm({ subscription }: Readonly<{ subscription: Subscription }>) {
  const { id, endpoint_url, signature_style, tls } = subscription;
  const names = useNames();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const toast = useToast();
  const show = () => void navigate({ to: '/subscriptions/$id', params: { id } });
  const form = useForm({
    initial: formOf(subscription),
    check: checkValues,
    save: async ({ values, base, etag }) => {
      const header = etag === undefined ? {} : { 'If-Match': etag };
      const params = { path: { id }, header };
      return dataOf(
        api.PATCH('/v1/webhooks/subscriptions/{id}', { params, body: patchOf(base, values) as never }),
      );
    },
    readCurrent: async () => formOf(await readSubscription(id)),
    onSaved: ({ warnings, ...saved }) => {
      queries.setQueryData(['subscription', id], saved);
      void queries.invalidateQueries({ queryKey: ['subscriptions'] });
      toast(texts.saved);
      for (const { detail } of warnings) toast(detail, 'bad');
      show();
    },
  });
  return (
    <>
      <PageHeader
        title={names.editTitle}
        above={
          <Link to="/subscriptions/$id" params={{ id }}>
            ← <ForeignText>{endpoint_url}</ForeignText>
          </Link>
        }
      />
      <Form
        form={form}
        label={names.editTitle}
        action={texts.save}
        shows={['secret_headers']}
        needsChange
        onCancel={show}
      >
        <ChangedMeanwhile form={form} labelOf={labelOf} show={valueText} />
        <EndpointFields form={form} />
        <EventFields form={form} />
        <AdvancedFields form={form} current={signature_style} stored={tls} />
      </Form>
    </>
  );
}

const t = fieldTexts;
const labels: Readonly<Record<keyof Values, string>> = {
  endpoint_url: t.url,
  description: t.description,
  events: t.events,
  filters: t.filter,
  headers: t.headers,
  format: t.format,
  large_payloads: t.largePayloads,
  signature_style: t.signature,
  ordering: t.ordering,
  on_exhausted: t.onExhausted,
  schedule: t.schedule,
  retry_schedule: t.retries,
  timeout_seconds: t.timeout,
  rate_limit: t.perSecond,
  max_in_flight: t.inFlight,
  verify: t.verify,
  tls: t.tls,
};
const labelOf = (name: keyof Values): string => labels[name];

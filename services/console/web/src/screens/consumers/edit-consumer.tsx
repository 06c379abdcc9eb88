import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { ChangedMeanwhile } from '../../parts/form/changed-meanwhile.tsx';
import { TextField } from '../../parts/form/fields.tsx';
import { Form, FormSection } from '../../parts/form/form.tsx';
import { type Read, useForm } from '../../parts/form/use-form.ts';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { ErrorState, Loading, NotAllowed } from '../../parts/page/states.tsx';
import { useToast } from '../../parts/page/toast.tsx';
import { texts } from './texts.ts';

type Values = Readonly<{ name: string; contact: string }>;

async function readConsumer(id: string): Promise<Read<Values>> {
  const { name, contact, version } = await dataOf(
    api.GET('/v1/webhooks/consumers/{id}', { params: { path: { id } } }),
  );
  return { values: { name: name ?? '', contact: contact ?? '' }, etag: `"${version}"` };
}

/** Changes the name and the contact of a consumer. */
export function Page() {
  const { id = '' } = useParams({ strict: false }) as Readonly<{ id?: string }>;
  const may = useMay('admin');
  const consumer = useQuery({
    queryKey: ['consumer-form', id],
    queryFn: async () => readConsumer(id),
    enabled: may,
    // What somebody is typing over must not change beneath them.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  if (!may) return <NotAllowed scope="admin" />;
  if (consumer.isPending) return <Loading />;
  if (consumer.data === undefined)
    return <ErrorState isPage error={consumer.error} onRetry={() => void consumer.refetch()} />;
  return <ConsumerFields id={id} initial={consumer.data} />;
}

function ConsumerFields({ id, initial }: Readonly<{ id: string; initial: Read<Values> }>) {
  const t = texts.form;
  const navigate = useNavigate();
  const toast = useToast();
  const client = useQueryClient();
  const form = useForm<Values, Schemas['Consumer']>({
    initial,
    save: async ({ values, base, etag }) => {
      const body = Object.fromEntries(
        (['name', 'contact'] as const)
          .filter((name) => values[name] !== base[name])
          .map((name) => [name, values[name].trim() === '' ? null : values[name].trim()]),
      );
      const params = { path: { id }, header: { 'If-Match': etag ?? '*' } };
      return dataOf(api.PATCH('/v1/webhooks/consumers/{id}', { params, body }));
    },
    readCurrent: async () => readConsumer(id),
    onSaved: (saved) => {
      client.setQueryData(['consumer', id], saved);
      void client.invalidateQueries({ queryKey: ['consumers'] });
      toast(t.saved);
      void navigate({ to: '/consumers/$id', params: { id } as never });
    },
  });
  return (
    <>
      <PageHeader
        title={t.editTitle(id)}
        above={
          <Link to="/consumers/$id" params={{ id } as never}>
            ← {id}
          </Link>
        }
      />
      <Form form={form} label={t.editTitle(id)} action={t.save} needsChange>
        <ChangedMeanwhile form={form} labelOf={(name) => t[name]} show={(name, values) => values[name]} />
        <FormSection title={t.section}>
          <TextField label={t.name} hint={t.nameHint} {...form.bind('name')} />
          <TextField label={t.contact} hint={t.contactHint} {...form.bind('contact')} />
        </FormSection>
      </Form>
    </>
  );
}

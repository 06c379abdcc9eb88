import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../../api/client.ts';
import { useMay, useSession } from '../../../app/session-context.ts';
import { visibleText } from '../../../parts/foreign/visible-text.ts';
import { ChangedMeanwhile } from '../../../parts/form/changed-meanwhile.tsx';
import { Form } from '../../../parts/form/form.tsx';
import { useForm } from '../../../parts/form/use-form.ts';
import { PageHeader } from '../../../parts/page/page-header.tsx';
import { ErrorState, Loading, NotAllowed } from '../../../parts/page/states.tsx';
import { useToast } from '../../../parts/page/toast.tsx';
import { texts } from '../texts.ts';
import { type ReadType, readType, useEventType, useName } from '../use-event-type.ts';
import { EventTypeFields } from './event-type-fields.tsx';
import { bodyOf, checkValues, type TypeValues, valuesOf } from './event-type-values.ts';

type State = TypeValues['state'];

/** Changes the settings and the example of a type. */
export function Page() {
  const name = useName();
  const mayChange = useMay('admin') && useSession().entry === 'operator';
  const query = useEventType(name);
  if (!mayChange) return <NotAllowed scope="admin" />;
  if (query.isPending) return <Loading />;
  if (query.data === undefined)
    return <ErrorState isPage error={query.error} onRetry={() => void query.refetch()} />;
  return <EditType read={query.data} />;
}

// A draft has no readers: no type becomes one again.
const statesFrom = (state: State): readonly State[] =>
  state === 'draft' ? ['draft', 'active', 'deprecated', 'archived'] : ['active', 'deprecated', 'archived'];

const readOf = ({ type, etag }: ReadType) => ({ values: valuesOf(type), etag });

function EditType({ read }: Readonly<{ read: ReadType }>) {
  const t = texts.form;
  const { name } = read.type;
  const navigate = useNavigate();
  const queries = useQueryClient();
  const toast = useToast();
  const leave = () => void navigate({ to: '/event-types/$name', params: { name } });
  const form = useForm<TypeValues, Schemas['EventType']>({
    initial: readOf(read),
    check: checkValues,
    save: async ({ values, etag }) => {
      const params = { path: { name }, ...(etag === undefined ? {} : { header: { 'If-Match': etag } }) };
      return dataOf(api.PUT('/v1/webhooks/event-types/{name}', { params, body: bodyOf(values) })) as Promise<
        Schemas['EventType']
      >;
    },
    readCurrent: async () => readOf(await readType(name)),
    onSaved: () => {
      void queries.invalidateQueries({ queryKey: ['event-types'] });
      void queries.invalidateQueries({ queryKey: ['event-type', name] });
      toast(t.saved);
      leave();
    },
  });
  return (
    <>
      <PageHeader
        title={t.editTitle(name)}
        above={
          <Link to="/event-types/$name" params={{ name }}>
            ← {name}
          </Link>
        }
      />
      <Form form={form} label={t.editTitle(name)} action={t.save} needsChange onCancel={leave}>
        <ChangedMeanwhile
          form={form}
          labelOf={(field) => labels[field]}
          show={(field, values) => visibleText(values[field])}
        />
        <EventTypeFields form={form} isNew={false} states={statesFrom(read.type.state)} />
      </Form>
    </>
  );
}

const labels: Readonly<Record<keyof TypeValues, string>> = {
  name: texts.form.name,
  description: texts.form.description,
  group: texts.form.group,
  state: texts.form.state,
  sunset_at: texts.form.sunset,
  mode: texts.form.mode,
  audience: texts.form.audience,
  compatibility: texts.form.compatibility,
  schema: texts.form.schema,
  example: texts.form.example,
};

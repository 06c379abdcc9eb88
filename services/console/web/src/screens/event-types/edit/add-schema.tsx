import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../../api/client.ts';
import { useMay, useSession } from '../../../app/session-context.ts';
import { visibleText } from '../../../parts/foreign/visible-text.ts';
import { CheckField } from '../../../parts/form/fields.tsx';
import { Form, FormSection } from '../../../parts/form/form.tsx';
import { useForm } from '../../../parts/form/use-form.ts';
import { PageHeader } from '../../../parts/page/page-header.tsx';
import { ErrorState, Loading, NotAllowed } from '../../../parts/page/states.tsx';
import { useToast } from '../../../parts/page/toast.tsx';
import styles from '../event-types.module.css';
import { JsonField } from '../json-field.tsx';
import { texts } from '../texts.ts';
import { type ReadType, useEventType, useName } from '../use-event-type.ts';
import { breakingChangesOf } from './breaking-changes.ts';
import { checkValues, jsonOf, valuesOf } from './event-type-values.ts';

type Values = Readonly<{ schema: string; example: string; activate: boolean; force: boolean }>;

/** Adds a schema to a type. What could break receivers is shown in the schema, and applied only if somebody says so. */
export function Page() {
  const name = useName();
  const mayChange = useMay('admin') && useSession().entry === 'operator';
  const query = useEventType(name);
  if (!mayChange) return <NotAllowed scope="admin" />;
  if (query.isPending) return <Loading />;
  if (query.data === undefined)
    return <ErrorState isPage error={query.error} onRetry={() => void query.refetch()} />;
  return <AddSchema read={query.data} />;
}

const starter = JSON.stringify({ type: 'object', properties: {}, required: [] }, null, 2);

function AddSchema({ read: { type, etag } }: Readonly<{ read: ReadType }>) {
  const t = texts.addSchema;
  const { name } = type;
  const navigate = useNavigate();
  const queries = useQueryClient();
  const toast = useToast();
  const leave = () => void navigate({ to: '/event-types/$name', params: { name } });
  const { schema, example } = valuesOf(type);
  const form = useForm<Values, Schemas['EventType']>({
    initial: {
      values: { schema: schema === '' ? starter : schema, example, activate: true, force: false },
      etag,
    },
    check: checkValues,
    save: async ({ values, etag: read }) => {
      const params = { path: { name }, ...(read === undefined ? {} : { header: { 'If-Match': read } }) };
      const body = {
        schema: jsonOf(values.schema) as NonNullable<Schemas['EventType']['schema']>,
        activate: values.activate,
        force: values.force,
        // An example belongs to the active schema.
        ...(values.activate ? { example: jsonOf(values.example) as Schemas['EventType']['example'] } : {}),
      };
      const call = api.POST('/v1/webhooks/event-types/{name}/schemas', { params, body });
      return dataOf(call) as Promise<Schemas['EventType']>;
    },
    onSaved: ({ schema_versions }) => {
      void queries.invalidateQueries({ queryKey: ['event-types'] });
      void queries.invalidateQueries({ queryKey: ['event-type', name] });
      toast(t.done(schema_versions.at(-1)?.version ?? 1));
      leave();
    },
  });
  const isConflict = form.problem?.code === 'conflict';
  const faults = form.problem?.fields;
  return (
    <>
      <PageHeader
        title={t.title(name)}
        lead={t.lead}
        above={
          <Link to="/event-types/$name" params={{ name }}>
            ← {name}
          </Link>
        }
      />
      <Form form={form} label={t.title(name)} action={t.action} onCancel={leave}>
        <FormSection title={texts.form.shape} hint={texts.form.shapeHint}>
          <JsonField
            label={texts.form.schema}
            name="schema"
            faults={faults}
            minLines={12}
            {...form.bind('schema')}
          />
          {isConflict && (
            <div className={styles.conflict}>
              <p>{t.conflict}</p>
              <ul>
                {breakingChangesOf(form.problem?.fields ?? new Map()).map(({ field, detail }) => (
                  <li key={`${field} ${detail}`}>
                    <code>{field === '' ? t.whole : visibleText(field)}</code>: {visibleText(detail)}
                  </li>
                ))}
              </ul>
              <CheckField label={t.force} hint={t.forceHint} {...form.bind('force')} />
            </div>
          )}
          <CheckField label={t.activate} hint={t.activateHint} {...form.bind('activate')} />
          {form.values.activate && (
            <JsonField
              label={texts.form.example}
              hint={texts.form.exampleHint}
              name="example"
              faults={faults}
              {...form.bind('example')}
            />
          )}
        </FormSection>
      </Form>
    </>
  );
}

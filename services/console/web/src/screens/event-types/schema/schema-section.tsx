import type { Schemas } from '../../../api/client.ts';
import { useMay, useSession } from '../../../app/session-context.ts';
import { LongData } from '../../../parts/foreign/long-data.tsx';
import { SelectFilter } from '../../../parts/list/filter-bar.tsx';
import { useFilters } from '../../../parts/list/filters.ts';
import { ErrorState, Loading } from '../../../parts/page/states.tsx';
import { Tabs } from '../../../parts/page/tabs.tsx';
import { Time } from '../../../parts/values/time.tsx';
import { schemaFilters } from '../event-type-filters.ts';
import styles from '../event-types.module.css';
import { texts } from '../texts.ts';
import { useSchema } from '../use-event-type.ts';
import { FieldTable } from './field-table.tsx';
import { SchemaDiff } from './schema-diff.tsx';

type EventType = Schemas['EventType'];

/** The schemas of a type: one as a table of its fields and as JSON, or what differs between two. */
export function SchemaSection({ type }: Readonly<{ type: EventType }>) {
  const t = texts.schema;
  const mayAdd = useMay('admin') && useSession().entry === 'operator';
  return (
    <section className={styles.section} aria-labelledby="schema">
      <h2 id="schema">{t.title}</h2>
      {type.schema_versions.length === 0 ? (
        <p className={styles.note}>
          {t.none} {mayAdd && t.noneAction}
        </p>
      ) : (
        <SchemaViews type={type} />
      )}
    </section>
  );
}

function SchemaViews({ type }: Readonly<{ type: EventType }>) {
  const t = texts.schema;
  const [values, change] = useFilters(schemaFilters);
  const versions = type.schema_versions.map(({ version }) => `${version}`).reverse();
  const shown = versions.find((one) => one === values.version) ?? `${type.active_schema ?? versions[0]}`;
  const against = versions.find((one) => one === values.against && one !== shown);
  const schema = useSchema(type.name, Number(shown));
  const other = useSchema(type.name, against === undefined ? null : Number(against));
  const labelOf = (version: string) =>
    Number(version) === type.active_schema ? t.active(Number(version)) : version;
  const createdAt = type.schema_versions.find(({ version }) => `${version}` === shown)?.created_at ?? null;
  const problem = schema.error ?? other.error;
  return (
    <>
      <div className={styles.versions}>
        <SelectFilter
          label={t.version}
          value={shown}
          options={versions}
          isRequired
          labelOf={labelOf}
          onChange={(version) => change({ version })}
        />
        {versions.length > 1 && (
          <SelectFilter
            label={t.against}
            value={against}
            options={versions.filter((one) => one !== shown)}
            labelOf={labelOf}
            anyLabel={t.nothing}
            onChange={(next) => change({ against: next })}
          />
        )}
        <span className={styles.note}>
          {t.created} <Time at={createdAt} />
        </span>
      </div>
      {problem !== null ? (
        <ErrorState error={problem} onRetry={() => void schema.refetch()} />
      ) : schema.data === undefined || (against !== undefined && other.data === undefined) ? (
        <Loading />
      ) : other.data !== undefined && against !== undefined ? (
        <SchemaDiff one={other.data} another={schema.data} />
      ) : (
        <Tabs
          label={t.title}
          tabs={[
            { name: t.fields, content: <FieldTable schema={schema.data.schema} /> },
            { name: t.json, content: <LongData text={JSON.stringify(schema.data.schema)} name={t.json} /> },
          ]}
        />
      )}
    </>
  );
}

import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useState } from 'react';
import type { Schemas } from '../../api/client.ts';
import { useMay, useSession } from '../../app/session-context.ts';
import { type Filter, FilterEditor } from '../../parts/filter-editor/filter-editor.tsx';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { ErrorState, Loading } from '../../parts/page/states.tsx';
import { Facts } from '../../parts/values/facts.tsx';
import { Time } from '../../parts/values/time.tsx';
import styles from './event-types.module.css';
import { ExampleSection } from './example-section.tsx';
import { SchemaSection } from './schema/schema-section.tsx';
import { StateBadge } from './state-badge.tsx';
import { texts } from './texts.ts';
import { TypeActions } from './type-actions.tsx';
import { useEventType, useName } from './use-event-type.ts';

type EventType = Schemas['EventType'];

/** One event type: what it means, the schemas of its data, an example, and a filter to try. */
export function Page() {
  const name = useName();
  const query = useEventType(name);
  if (query.isPending) return <Loading />;
  if (query.data === undefined)
    return <ErrorState isPage error={query.error} onRetry={() => void query.refetch()} />;
  const { type } = query.data;
  return (
    <>
      <PageHeader
        title={type.name}
        above={<Link to="/event-types">← {texts.back}</Link>}
        lead={<Lead type={type} />}
      >
        <TypeActions type={type} onChanged={() => void query.refetch()} />
      </PageHeader>
      <TypeFacts type={type} />
      <SchemaSection key={type.name} type={type} />
      <ExampleSection type={type} />
      <TryFilter name={type.name} />
    </>
  );
}

const Lead = ({ type: { state, description } }: Readonly<{ type: EventType }>) => (
  <>
    <StateBadge state={state} />
    {description !== null && (
      <p>
        <ForeignText>{description}</ForeignText>
      </p>
    )}
  </>
);

function TypeFacts({ type }: Readonly<{ type: EventType }>) {
  const t = texts.facts;
  const isOperator = useSession().entry === 'operator';
  const maySeeTraffic = useMay('deliveries:read');
  const { group, mode, audience, compatibility, origin, deprecated_at, sunset_at, name } = type;
  const forOperators = (value: ReactNode): ReactNode => (isOperator ? value : null);
  return (
    <Facts
      facts={[
        [t.group, group === null ? null : <ForeignText key="group">{group}</ForeignText>],
        [t.audience, texts.audiences[audience]],
        [t.mode, forOperators(texts.modes[mode])],
        [t.compatibility, forOperators(texts.compatibilities[compatibility])],
        [t.deprecated, deprecated_at === null ? null : <Time key="deprecated" at={deprecated_at} isExact />],
        [t.sunset, sunset_at === null ? null : <Time key="sunset" at={sunset_at} isExact />],
        [t.created, <Time key="created" at={type.created_at} isExact />],
        [t.updated, <Time key="updated" at={type.updated_at} isExact />],
        [t.origin, origin === 'seen' ? texts.seen : null],
        [t.propagated, type.propagated ? null : texts.notPropagated],
        [texts.traffic, maySeeTraffic ? <Traffic key="traffic" name={name} isOperator={isOperator} /> : null],
      ]}
    />
  );
}

const Traffic = ({ name, isOperator }: Readonly<{ name: string; isOperator: boolean }>) => (
  <span className={styles.links}>
    {isOperator && (
      <Link to="/events" search={{ type: name } as never}>
        {texts.events}
      </Link>
    )}
    <Link to="/deliveries" search={{ event_type: name } as never}>
      {texts.deliveries}
    </Link>
  </span>
);

function TryFilter({ name }: Readonly<{ name: string }>) {
  const [filter, setFilter] = useState<Filter | null | undefined>(null);
  return (
    <section className={styles.section} aria-labelledby="filter">
      <h2 id="filter">{texts.filter.title}</h2>
      <p className={styles.note}>{texts.filter.hint}</p>
      <div className={styles.card}>
        <FilterEditor value={filter} onChange={setFilter} eventTypes={[name]} />
      </div>
    </section>
  );
}

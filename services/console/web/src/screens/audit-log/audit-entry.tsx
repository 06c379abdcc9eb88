import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { ErrorState, Loading } from '../../parts/page/states.tsx';
import { CopyableId } from '../../parts/values/copyable-id.tsx';
import { Facts } from '../../parts/values/facts.tsx';
import { KeyName } from '../../parts/values/key-name.tsx';
import { Time } from '../../parts/values/time.tsx';
import { differencesOf } from './audit-difference.ts';
import styles from './audit-entry.module.css';
import { changeWords, objectName, objectPath } from './audit-words.ts';
import { DifferenceTable } from './difference-table.tsx';
import { texts } from './texts.ts';

/** One change: who, when, from where, and each field before and after. */
export function Page() {
  const { id = '' } = useParams({ strict: false }) as Readonly<{ id?: string }>;
  const entry = useQuery({
    queryKey: ['audit-entry', id],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/audit-log/{id}', { params: { path: { id } }, signal })),
    // An entry never changes.
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (entry.isPending) return <Loading />;
  if (entry.data === undefined)
    return <ErrorState isPage error={entry.error} onRetry={() => void entry.refetch()} />;
  return <EntryView entry={entry.data} />;
}

function EntryView({ entry }: Readonly<{ entry: Schemas['AuditEntry'] }>) {
  const isCreation = entry.before === null;
  const title = isCreation ? texts.created : texts.difference;
  const differences = differencesOf(entry.before, entry.after);
  return (
    <>
      <PageHeader title={changeWords(entry)} above={<Link to="/audit-log">← {texts.back}</Link>} />
      <EntryFacts entry={entry} />
      <h2 className={styles.title}>{title}</h2>
      {differences.length === 0 ? (
        <p className={styles.note}>{texts.noDifference}</p>
      ) : (
        <DifferenceTable label={title} differences={differences} isCreation={isCreation} />
      )}
    </>
  );
}

function EntryFacts({ entry }: Readonly<{ entry: Schemas['AuditEntry'] }>) {
  const t = texts.facts;
  const { id, kind, entity_id, consumer_id, version, at } = entry;
  const { key_id, address } = entry.actor;
  const path = objectPath(entry);
  const name = <ForeignText>{objectName(entry)}</ForeignText>;
  return (
    <Facts
      facts={[
        [
          t.object,
          <span key="object">
            {path === null ? name : <Link to={path}>{name}</Link>}
            {' · '}
            <Link to="/audit-log" search={{ entity_id } as never}>
              {texts.sameObject}
            </Link>
          </span>,
        ],
        [
          t.who,
          key_id === null ? (
            texts.tidings
          ) : (
            <span key="who">
              <Link to="/keys/$id" params={{ id: key_id }}>
                <KeyName id={key_id} />
              </Link>
              {' · '}
              <Link to="/audit-log" search={{ key_id } as never}>
                {texts.sameKey}
              </Link>
            </span>
          ),
        ],
        [t.at, <Time key="at" at={at} isExact />],
        [t.address, address === null ? null : <code key="address">{address}</code>],
        [
          t.consumer,
          consumer_id === null || kind === 'consumer' ? null : (
            <Link key="consumer" to="/consumers/$id" params={{ id: consumer_id }}>
              <ForeignText>{consumer_id}</ForeignText>
            </Link>
          ),
        ],
        [t.version, version],
        [t.id, <CopyableId key="id" id={id} name={t.id} />],
      ]}
    />
  );
}

import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { ErrorState, Loading } from '../../parts/page/states.tsx';
import { CopyableId } from '../../parts/values/copyable-id.tsx';
import { Facts } from '../../parts/values/facts.tsx';
import { Time } from '../../parts/values/time.tsx';
import { EditSource } from './edit-source.tsx';
import { type ProviderName, providerGuides, providerLabel } from './providers.ts';
import { DayRefusals } from './received-day.tsx';
import { ReceivedList } from './received-list.tsx';
import { DeleteSource, RotateSecret, SwitchSource } from './source-actions.tsx';
import { SourceState } from './source-state.tsx';
import styles from './sources.module.css';
import { texts } from './texts.ts';

/** One source: the URL for its provider, and what it received. */
export function Page() {
  const { id = '' } = useParams({ strict: false }) as Readonly<{ id?: string }>;
  const mayRead = useMay('deliveries:read');
  const source = useQuery({
    queryKey: ['source', id],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/sources/{id}', { params: { path: { id } }, signal })),
  });
  if (source.isPending) return <Loading />;
  if (source.data === undefined)
    return <ErrorState isPage error={source.error} onRetry={() => void source.refetch()} />;
  return (
    <>
      <SourceView source={source.data} onChanged={() => void source.refetch()} />
      {mayRead && <DayRefusals id={id} />}
      {mayRead && <ReceivedList id={id} />}
    </>
  );
}

type Props = Readonly<{ source: Schemas['Source']; onChanged: () => void }>;

function SourceView({ source, onChanged }: Props) {
  const mayAudit = useMay('admin');
  const mayRead = useMay('deliveries:read');
  const { id, name, state, path } = source;
  return (
    <>
      <PageHeader
        title={name}
        above={<Link to="/sources">← {texts.back}</Link>}
        lead={<SourceState state={state} />}
      >
        <EditSource source={source} onChanged={onChanged} />
        <RotateSecret source={source} onChanged={onChanged} />
        <SwitchSource source={source} onChanged={onChanged} />
        <DeleteSource source={source} />
      </PageHeader>
      {state === 'disabled' && <p className={styles.warning}>{texts.disabledNote}</p>}
      <SourceFacts source={source} />
      <p className={styles.links}>
        {mayRead && (
          <Link to="/events" search={{ source: path } as never}>
            {texts.eventsOf}
          </Link>
        )}
        {mayAudit && (
          <Link to="/audit-log" search={{ kind: 'source', entity_id: id } as never}>
            {texts.changes}
          </Link>
        )}
      </p>
    </>
  );
}

function SourceFacts({ source }: Pick<Props, 'source'>) {
  const t = texts.facts;
  const {
    id,
    path,
    provider,
    audience,
    consumer_id,
    secrets,
    options,
    spool,
    created_at,
    max_payload_bytes,
  } = source;
  const url = `${location.origin}${path}`;
  const guide = providerGuides[provider as ProviderName];
  const given = Object.entries(options).map(([name, value]) => `${name}: ${String(value)}`);
  return (
    <Facts
      facts={[
        [
          t.url,
          <CopyableId key="url" id={url} name={t.url}>
            <code className={styles.url}>{url}</code>
          </CopyableId>,
        ],
        [texts.form.where, guide?.where ?? null],
        [t.provider, providerLabel(provider)],
        [t.audience, texts.audiences[audience]],
        [t.consumer, consumer_id === null ? null : <ForeignText key="consumer">{consumer_id}</ForeignText>],
        [t.secrets, texts.secretCount(secrets.length)],
        [t.spool, spool ? texts.spools.on : texts.spools.off],
        [t.maxPayload, max_payload_bytes === null ? null : `${max_payload_bytes.toLocaleString()} B`],
        [t.options, given.length === 0 ? null : <ForeignText key="options">{given.join(', ')}</ForeignText>],
        [t.created, <Time key="created" at={created_at} isExact />],
        [t.id, <CopyableId key="id" id={id} name={t.id} />],
      ]}
    />
  );
}

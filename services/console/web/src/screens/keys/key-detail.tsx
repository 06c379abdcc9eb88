import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useSession } from '../../app/session-context.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { useFilters } from '../../parts/list/filters.ts';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { ErrorState, Loading } from '../../parts/page/states.tsx';
import { CopyableId } from '../../parts/values/copyable-id.tsx';
import { Facts } from '../../parts/values/facts.tsx';
import { KeyName } from '../../parts/values/key-name.tsx';
import { Time } from '../../parts/values/time.tsx';
import styles from './key-detail.module.css';
import { ofWorkspace } from './key-filters.ts';
import { KeyState } from './key-state.tsx';
import { RevokeKey } from './revoke-key.tsx';
import { texts } from './texts.ts';

/** One key: what it may do, who made it, when it was used. */
export function Page() {
  const { id = '' } = useParams({ strict: false }) as Readonly<{ id?: string }>;
  const [query] = useFilters(ofWorkspace);
  const key = useQuery({
    queryKey: ['api-key', id, query],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/api-keys/{id}', { params: { path: { id }, query }, signal })),
  });
  if (key.isPending) return <Loading />;
  if (key.data === undefined)
    return <ErrorState isPage error={key.error} onRetry={() => void key.refetch()} />;
  return <KeyView apiKey={key.data} onChanged={() => void key.refetch()} />;
}

function KeyView({ apiKey, onChanged }: Readonly<{ apiKey: Schemas['ApiKey']; onChanged: () => void }>) {
  const { session } = useSession();
  const { id, name, state, is_bootstrap, workspace_id } = apiKey;
  const isOwnWorkspace = workspace_id === session.identity.workspace_id;
  const search = isOwnWorkspace ? {} : { workspace_id };
  return (
    <>
      <PageHeader
        title={name ?? texts.unnamed}
        above={
          <Link to="/keys" search={search as never}>
            ← {texts.back}
          </Link>
        }
        lead={<KeyState state={state} />}
      >
        {state !== 'revoked' && !is_bootstrap && <RevokeKey apiKey={apiKey} onRevoked={onChanged} />}
      </PageHeader>
      {is_bootstrap && <p className={styles.note}>{texts.bootstrapHint}</p>}
      <KeyFacts apiKey={apiKey} isOwnWorkspace={isOwnWorkspace} />
      {isOwnWorkspace && (
        <p className={styles.links}>
          <Link to="/audit-log" search={{ key_id: id } as never}>
            {texts.changes}
          </Link>
          <Link to="/audit-log" search={{ kind: 'api-key', entity_id: id } as never}>
            {texts.history}
          </Link>
        </p>
      )}
    </>
  );
}

type FactsProps = Readonly<{ apiKey: Schemas['ApiKey']; isOwnWorkspace: boolean }>;

function KeyFacts({ apiKey, isOwnWorkspace }: FactsProps) {
  const t = texts.facts;
  const { id, prefix, scopes, consumer_id, created_by, expires_at, requests_per_second } = apiKey;
  return (
    <Facts
      facts={[
        [
          t.scopes,
          <ul key="scopes" className={styles.scopes}>
            {scopes.map((scope) => (
              <li key={scope}>
                <code>{scope}</code> <span>{texts.scopeHints[scope]}</span>
              </li>
            ))}
          </ul>,
        ],
        [
          t.consumer,
          consumer_id === null ? (
            texts.all
          ) : !isOwnWorkspace ? (
            <ForeignText key="consumer">{consumer_id}</ForeignText>
          ) : (
            <Link key="consumer" to="/consumers/$id" params={{ id: consumer_id }}>
              <ForeignText>{consumer_id}</ForeignText>
            </Link>
          ),
        ],
        [t.id, <CopyableId key="id" id={id} name={t.id} />],
        [t.prefix, prefix === '' ? null : <code key="prefix">{prefix}…</code>],
        [
          t.used,
          apiKey.last_used_at === null ? (
            texts.neverUsed
          ) : (
            <Time key="used" at={apiKey.last_used_at} isExact />
          ),
        ],
        [t.expires, expires_at === null ? texts.noExpiry : <Time key="expires" at={expires_at} isExact />],
        [t.rate, requests_per_second === null ? texts.operatorRate : texts.perInstance(requests_per_second)],
        [
          t.maxPayload,
          apiKey.max_payload_bytes === null ? null : `${apiKey.max_payload_bytes.toLocaleString()} B`,
        ],
        [t.spool, apiKey.spool ? texts.spooled : null],
        [t.created, <Time key="created" at={apiKey.created_at} isExact />],
        [
          t.by,
          // The key that made one in another workspace is no key of that workspace.
          created_by === null ? null : !isOwnWorkspace ? (
            <code key="by">{created_by}</code>
          ) : (
            <Link key="by" to="/keys/$id" params={{ id: created_by }}>
              <KeyName id={created_by} />
            </Link>
          ),
        ],
        [t.workspace, <code key="workspace">{apiKey.workspace_id}</code>],
      ]}
    />
  );
}

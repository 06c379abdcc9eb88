import { Link, useParams } from '@tanstack/react-router';
import { useMay, useSession } from '../../app/session-context.ts';
import { ButtonLink } from '../../parts/page/button.tsx';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { ErrorState, Loading } from '../../parts/page/states.tsx';
import { CopyableId } from '../../parts/values/copyable-id.tsx';
import { Facts } from '../../parts/values/facts.tsx';
import { StatusBadge } from '../../parts/values/status-badge.tsx';
import { Time } from '../../parts/values/time.tsx';
import { SwitchWorkspace } from './switch-workspace.tsx';
import { texts } from './texts.ts';
import { useWorkspace } from './use-workspace.ts';
import styles from './workspace-page.module.css';
import { WorkspaceSettings } from './workspace-settings.tsx';

/** A workspace of the installation: its state, its keys, its settings. */
export function Page() {
  const { id = '' } = useParams({ strict: false }) as Readonly<{ id?: string }>;
  const mayPlatform = useMay('platform');
  const isOwn = useSession().session.identity.workspace_id === id;
  const workspace = useWorkspace(id);
  if (workspace.isPending) return <Loading />;
  if (workspace.data === undefined)
    return <ErrorState isPage error={workspace.error} onRetry={() => void workspace.refetch()} />;
  const { name, state, created_at, updated_at } = workspace.data;
  const t = texts.facts;
  const search = isOwn ? {} : { workspace_id: id };
  return (
    <>
      <PageHeader
        title={name}
        above={mayPlatform ? <Link to="/workspaces">← {texts.back}</Link> : undefined}
        lead={<StatusBadge tone={state === 'active' ? 'good' : 'warn'}>{texts.states[state]}</StatusBadge>}
      >
        <ButtonLink to="/keys" search={search}>
          {texts.keys}
        </ButtonLink>
        <ButtonLink to="/keys/new" search={search}>
          {texts.createKey}
        </ButtonLink>
        {mayPlatform && (
          <SwitchWorkspace workspace={workspace.data} onChanged={() => void workspace.refetch()} />
        )}
      </PageHeader>
      {state === 'disabled' && <p className={styles.warning}>{texts.isDisabled}</p>}
      <Facts
        facts={[
          [t.id, <CopyableId key="id" id={id} name={t.id} />],
          [t.created, <Time key="created" at={created_at} isExact />],
          [t.updated, <Time key="updated" at={updated_at} isExact />],
        ]}
      />
      <div className={styles.settings}>
        <WorkspaceSettings key={id} workspace={workspace.data} />
      </div>
    </>
  );
}

import { useSession } from '../../app/session-context.ts';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { ErrorState, Loading } from '../../parts/page/states.tsx';
import { texts } from './texts.ts';
import { useWorkspace } from './use-workspace.ts';
import { WorkspaceSettings } from './workspace-settings.tsx';

/** The settings of the session's own workspace. */
export function Page() {
  const { workspace_id } = useSession().session.identity;
  const workspace = useWorkspace(workspace_id);
  if (workspace.isPending) return <Loading />;
  if (workspace.data === undefined)
    return <ErrorState isPage error={workspace.error} onRetry={() => void workspace.refetch()} />;
  return (
    <>
      <PageHeader title={texts.title} lead={texts.lead} />
      <WorkspaceSettings key={workspace_id} workspace={workspace.data} />
    </>
  );
}

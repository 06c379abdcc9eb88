import { api, dataOf, type Schemas } from '../../api/client.ts';
import { SwitchState } from '../../parts/dialog/switch-state.tsx';
import { texts } from './texts.ts';

type Props = Readonly<{ workspace: Schemas['Workspace']; onChanged: () => void }>;

/** A button that disables a workspace, or enables it again. */
export function SwitchWorkspace({ workspace, onChanged }: Props) {
  const isActive = workspace.state === 'active';
  const params = { path: { id: workspace.id } };
  return (
    <SwitchState
      isActive={isActive}
      isDangerous
      texts={texts}
      onSwitch={async () =>
        dataOf(
          isActive
            ? api.POST('/v1/webhooks/workspaces/{id}/disable', { params })
            : api.POST('/v1/webhooks/workspaces/{id}/enable', { params }),
        )
      }
      onChanged={onChanged}
    />
  );
}

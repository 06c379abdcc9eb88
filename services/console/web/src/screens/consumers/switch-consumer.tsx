import { api, dataOf, type Schemas } from '../../api/client.ts';
import { SwitchState } from '../../parts/dialog/switch-state.tsx';
import { texts } from './texts.ts';

type Props = Readonly<{ consumer: Schemas['Consumer']; onChanged: () => void }>;

/** A button that disables a consumer, or enables it again. */
export function SwitchConsumer({ consumer, onChanged }: Props) {
  const isActive = consumer.state === 'active';
  const params = { path: { id: consumer.id } };
  return (
    <SwitchState
      isActive={isActive}
      texts={texts}
      onSwitch={async () =>
        dataOf(
          isActive
            ? api.POST('/v1/webhooks/consumers/{id}/disable', { params })
            : api.POST('/v1/webhooks/consumers/{id}/enable', { params }),
        )
      }
      onChanged={onChanged}
    />
  );
}

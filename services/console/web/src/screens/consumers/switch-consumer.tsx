import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { Button } from '../../parts/button.tsx';
import { ConfirmDialog } from '../../parts/confirm-dialog.tsx';
import { useToast } from '../../parts/toast.tsx';
import { texts } from './texts.ts';

type Props = Readonly<{ consumer: Schemas['Consumer']; onChanged: () => void }>;

/** A button that disables a consumer, or enables it again, after it has said what that does. */
export function SwitchConsumer({ consumer, onChanged }: Props) {
  const toast = useToast();
  const [isAsking, setAsking] = useState(false);
  const isActive = consumer.state === 'active';
  const params = { path: { id: consumer.id } };
  const apply = async () => {
    await dataOf(
      isActive
        ? api.POST('/v1/webhooks/consumers/{id}/disable', { params })
        : api.POST('/v1/webhooks/consumers/{id}/enable', { params }),
    );
    toast(isActive ? texts.disabled : texts.enabled);
    onChanged();
  };
  return (
    <>
      <Button onClick={() => setAsking(true)}>{isActive ? texts.disable : texts.enable}</Button>
      <ConfirmDialog
        isOpen={isAsking}
        title={isActive ? texts.disableTitle : texts.enableTitle}
        action={isActive ? texts.disable : texts.enable}
        isDangerous={isActive}
        onConfirm={apply}
        onClose={() => setAsking(false)}
      >
        <p>{isActive ? texts.disableHint : texts.enableHint}</p>
      </ConfirmDialog>
    </>
  );
}

import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../../api/client.ts';
import { ConfirmDialog } from '../../../parts/dialog/confirm-dialog.tsx';
import { ChoiceField, TextField } from '../../../parts/form/fields.tsx';
import { Button } from '../../../parts/page/button.tsx';
import { useToast } from '../../../parts/page/toast.tsx';
import { useNames } from '../names.ts';
import { texts } from '../texts.ts';
import { useAction } from './use-action.ts';

type Props = Readonly<{ subscription: Schemas['Subscription'] }>;

/** Enables a disabled subscription, and disables an active one. */
export const StateAction = ({ subscription }: Props) =>
  subscription.state === 'active' ? (
    <Disable subscription={subscription} />
  ) : (
    <Enable subscription={subscription} />
  );

function Disable({ subscription }: Props) {
  const names = useNames();
  const action = useAction(subscription);
  const toast = useToast();
  const [reason, setReason] = useState('');
  const path = { id: subscription.id };
  const disable = async () => {
    const body = reason.trim() === '' ? {} : { reason: reason.trim() };
    await action.run(async (header) =>
      dataOf(
        api.POST('/v1/webhooks/subscriptions/{id}/disable', {
          params: { path, header },
          body: body as never,
        }),
      ),
    );
    toast(texts.disabled);
  };
  return (
    <>
      <Button onClick={action.ask}>{texts.actions.disable}</Button>
      <ConfirmDialog
        isOpen={action.isAsking}
        title={names.disableTitle}
        action={texts.actions.disable}
        onConfirm={disable}
        onClose={action.close}
      >
        <p>{texts.disableHint}</p>
        <TextField label={texts.disableReason} value={reason} onChange={setReason} error={undefined} />
      </ConfirmDialog>
    </>
  );
}

const waitings = ['redrive', 'discard'] as const;

function Enable({ subscription }: Props) {
  const names = useNames();
  const action = useAction(subscription);
  const toast = useToast();
  const [waiting, setWaiting] = useState<(typeof waitings)[number]>('redrive');
  const path = { id: subscription.id };
  const enable = async () => {
    await action.run(async (header) =>
      dataOf(
        api.POST('/v1/webhooks/subscriptions/{id}/enable', { params: { path, header }, body: { waiting } }),
      ),
    );
    toast(texts.enabled);
  };
  return (
    <>
      <Button onClick={action.ask}>{texts.actions.enable}</Button>
      <ConfirmDialog
        isOpen={action.isAsking}
        title={names.enableTitle}
        action={texts.actions.enable}
        onConfirm={enable}
        onClose={action.close}
      >
        <ChoiceField
          label={texts.enableWaiting}
          name="waiting"
          value={waiting}
          onChange={setWaiting}
          options={waitings.map((value) => ({ value, ...texts.enableChoices[value] }))}
        />
      </ConfirmDialog>
    </>
  );
}

/** Deletes a subscription, then leads to the list. */
export function DeleteAction({ subscription }: Props) {
  const action = useAction(subscription);
  const names = useNames();
  const toast = useToast();
  const navigate = useNavigate();
  const path = { id: subscription.id };
  const remove = async () => {
    await action.run(
      async ({ 'If-Match': version }) =>
        dataOf(
          api.DELETE('/v1/webhooks/subscriptions/{id}', {
            params: { path, header: { 'If-Match': version } },
          }),
        ),
      true,
    );
    toast(names.deleted);
    void navigate({ to: '/subscriptions' });
  };
  return (
    <>
      <Button kind="danger" onClick={action.ask}>
        {texts.actions.delete}
      </Button>
      <ConfirmDialog
        isOpen={action.isAsking}
        title={names.deleteTitle}
        action={texts.actions.delete}
        isDangerous
        onConfirm={remove}
        onClose={action.close}
      >
        <p>{texts.deleteHint}</p>
      </ConfirmDialog>
    </>
  );
}

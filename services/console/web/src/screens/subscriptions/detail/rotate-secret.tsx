import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../../api/client.ts';
import { ConfirmDialog } from '../../../parts/dialog/confirm-dialog.tsx';
import { SelectField } from '../../../parts/form/fields.tsx';
import { Button } from '../../../parts/page/button.tsx';
import { texts } from '../texts.ts';
import { useAction } from './use-action.ts';

type Props = Readonly<{
  subscription: Schemas['Subscription'];
  onRotated: (rotated: Schemas['SubscriptionWithSecret']) => void;
}>;

const overlaps = ['0', '600', '3600', '86400', '604800'] as const;

/** Rotates the secret: old and new sign together for the overlap. */
export function RotateSecret({ subscription, onRotated }: Props) {
  const action = useAction(subscription);
  const [overlap, setOverlap] = useState<(typeof overlaps)[number]>('86400');
  const path = { id: subscription.id };
  const label = subscription.signature_style === 'v1a' ? texts.actions.rotateKeys : texts.actions.rotate;
  const rotate = async () => {
    const body = { overlap_seconds: Number(overlap) };
    const rotated = await action.run(async (header) =>
      dataOf(api.POST('/v1/webhooks/subscriptions/{id}/rotate-secret', { params: { path, header }, body })),
    );
    onRotated(rotated);
  };
  return (
    <>
      <Button onClick={action.ask}>{label}</Button>
      <ConfirmDialog
        isOpen={action.isAsking}
        title={texts.rotateTitle}
        action={label}
        onConfirm={rotate}
        onClose={action.close}
      >
        <p>{texts.rotateHint}</p>
        <SelectField
          label={texts.overlap}
          options={overlaps}
          labelOf={(one) => texts.overlaps[one]}
          value={overlap}
          onChange={setOverlap}
          hint={overlap === '0' ? texts.overlapNow : undefined}
          error={undefined}
        />
      </ConfirmDialog>
    </>
  );
}

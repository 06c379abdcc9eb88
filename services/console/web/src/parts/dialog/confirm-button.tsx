import { type ComponentProps, useState } from 'react';
import { Button } from '../page/button.tsx';
import { ConfirmDialog } from './confirm-dialog.tsx';

type Props = Omit<ComponentProps<typeof ConfirmDialog>, 'isOpen' | 'onClose' | 'cancel'> &
  Readonly<{
    /** Called when the dialog opens: where one intention begins. */
    onOpen?: () => void;
  }>;

/** A button that asks first, in a dialog whose button has the same text. */
export function ConfirmButton({ onOpen, ...dialog }: Props) {
  const [isAsking, setAsking] = useState(false);
  const ask = () => {
    onOpen?.();
    setAsking(true);
  };
  return (
    <>
      <Button kind={dialog.isDangerous === true ? 'danger' : 'primary'} onClick={ask}>
        {dialog.action}
      </Button>
      <ConfirmDialog {...dialog} isOpen={isAsking} onClose={() => setAsking(false)} />
    </>
  );
}

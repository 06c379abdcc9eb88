import { useState } from 'react';
import { Button } from '../page/button.tsx';
import { useToast } from '../page/toast.tsx';
import { ConfirmDialog } from './confirm-dialog.tsx';

type Props = Readonly<{
  isActive: boolean;
  /** The button that disables looks dangerous before it asks, too. */
  isDangerous?: boolean;
  texts: Readonly<{
    disable: string;
    disableTitle: string;
    disableHint: string;
    disabled: string;
    enable: string;
    enableTitle: string;
    enableHint: string;
    enabled: string;
  }>;
  /** Disables it if it is active, and enables it otherwise. */
  onSwitch: () => Promise<unknown>;
  onChanged: () => void;
}>;

/** A button that disables something, or enables it again, after it has said what that does. */
export function SwitchState({ isActive, isDangerous = false, texts, onSwitch, onChanged }: Props) {
  const toast = useToast();
  const [isAsking, setAsking] = useState(false);
  const apply = async () => {
    await onSwitch();
    toast(isActive ? texts.disabled : texts.enabled);
    onChanged();
  };
  return (
    <>
      <Button kind={isDangerous && isActive ? 'danger' : 'normal'} onClick={() => setAsking(true)}>
        {isActive ? texts.disable : texts.enable}
      </Button>
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

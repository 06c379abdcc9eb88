import { texts } from '../../texts/index.ts';
import { Button } from '../page/button.tsx';
import { useToast } from '../page/toast.tsx';

type Props = Readonly<{ text: string | (() => string); label?: string; name?: string; done?: string }>;

/** Copies a text. `name` is what is copied, for a screen reader; `done` is said of it afterwards. */
export function CopyButton({ text, label = texts.copy, name, done = texts.copied }: Props) {
  const toast = useToast();
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === 'string' ? text : text());
      toast(done);
    } catch {
      toast(texts.copyFailed, 'bad');
    }
  };
  return (
    <Button
      size="small"
      kind="quiet"
      onClick={() => void copy()}
      aria-label={name === undefined ? undefined : `${label}: ${name}`}
    >
      {label}
    </Button>
  );
}

import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useId, useState } from 'react';
import { problemOf } from '../../api/api-problem.ts';
import type { Schemas } from '../../api/client.ts';
import { texts } from '../../texts/index.ts';
import styles from '../dialog/dialog.module.css';
import { Dialog } from '../dialog/dialog.tsx';
import { Button } from '../page/button.tsx';
import { ErrorState, Loading } from '../page/states.tsx';

/** A request that starts a job, and in a dry run only counts. */
export type BulkWork = Readonly<{
  count: () => Promise<number>;
  /** `key`: the Idempotency-Key of this intention. */
  start: (key: string) => Promise<Schemas['Job']>;
}>;

type Props = Readonly<{
  isOpen: boolean;
  title: string;
  action: (count: number) => string;
  countText: (count: number) => string;
  isDangerous?: boolean;
  /** False while a field of `children` is missing. */
  isReady?: boolean;
  work: BulkWork;
  onStarted: (job: Schemas['Job']) => void;
  onClose: () => void;
  /** A text about what happens to them, and fields of the request. */
  children: ReactNode;
}>;

/** Asks before something is done to all that a filter finds: counts them first, then starts the job. */
export function BulkDialog(props: Props) {
  const { isOpen, title, onClose } = props;
  return (
    <Dialog isOpen={isOpen} title={title} onClose={onClose}>
      <BulkQuestion {...props} />
    </Dialog>
  );
}

// Mounted anew each time that the dialog opens: the count and the intention are of that moment.
function BulkQuestion({ action, countText, isDangerous = false, isReady = true, work, ...props }: Props) {
  const { onStarted, onClose, children } = props;
  const id = useId();
  const [key] = useState(() => crypto.randomUUID());
  const [isWorking, setWorking] = useState(false);
  const [error, setError] = useState<string>();
  const counted = useQuery({ queryKey: ['bulk', id], queryFn: work.count, gcTime: 0, retry: false });
  const count = counted.data;
  const start = async () => {
    setWorking(true);
    setError(undefined);
    try {
      onStarted(await work.start(key));
    } catch (failed) {
      setError(problemOf(failed)?.message ?? String(failed));
      setWorking(false);
    }
  };
  if (counted.isError) return <ErrorState error={counted.error} onRetry={() => void counted.refetch()} />;
  if (count === undefined) return <Loading />;
  return (
    <>
      <p>
        <strong>{countText(count)}</strong>
      </p>
      {count > 0 && children}
      {error !== undefined && (
        <p className={styles.error} role="alert">
          {error}
        </p>
      )}
      <div className={styles.actions}>
        <Button onClick={onClose}>{texts.cancel}</Button>
        {count > 0 && (
          <Button
            kind={isDangerous ? 'danger' : 'primary'}
            disabled={isWorking || !isReady}
            onClick={() => void start()}
          >
            {action(count)}
          </Button>
        )}
      </div>
    </>
  );
}

import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import type { Schemas } from '../../api/client.ts';
import { Button } from '../page/button.tsx';
import { BulkDialog } from './bulk-dialog.tsx';

/** The words of a request over many: on its button, and in its dialog. */
export type BulkWords = Readonly<{
  open: string;
  title: string;
  action: (count: number) => string;
  none: string;
  count: (count: number) => string;
}>;

/** The parts of a request that say whether it only counts, and of which intention it is a repeat. */
export type BulkAsk = Readonly<{
  params: Readonly<{ header?: Readonly<{ 'Idempotency-Key': string }> }>;
  dryRun: Readonly<{ dry_run?: true }>;
}>;

/** Sends a request over many: a dry run returns the count, any other one the job. */
export type BulkRequest = (ask: BulkAsk) => Promise<Schemas['Job'] | Schemas['DryRun']>;

type Props = Readonly<{
  words: BulkWords;
  request: BulkRequest;
  isDangerous?: boolean;
  /** False while a field of `children` is missing. */
  isReady?: boolean;
  /** Why nothing can be requested now. */
  refusal?: string | undefined;
  /** A text about what happens to them, and fields of the request. */
  children: ReactNode;
}>;

/** Returns the selection of a request: what the filter finds, or all without one. */
export const selectionOf = <F extends object>(filter: F) =>
  Object.keys(filter).length === 0 ? ({ all: true } as const) : { filter };

/** Does something with all that a filter finds: counts them and asks first, then starts a job and shows it. */
export function BulkButton({
  words,
  request,
  isDangerous = false,
  isReady = true,
  refusal,
  children,
}: Props) {
  const navigate = useNavigate();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button
        {...(isDangerous && { kind: 'danger' })}
        disabled={refusal !== undefined}
        title={refusal}
        onClick={() => setOpen(true)}
      >
        {words.open}
      </Button>
      <BulkDialog
        isOpen={isOpen}
        title={words.title}
        action={words.action}
        countText={(count) => (count === 0 ? words.none : words.count(count))}
        isDangerous={isDangerous}
        isReady={isReady}
        work={{
          count: async () => {
            const counted = await request({ params: {}, dryRun: { dry_run: true } });
            return 'count' in counted ? counted.count : 0;
          },
          start: async (key) =>
            (await request({ params: { header: { 'Idempotency-Key': key } }, dryRun: {} })) as Schemas['Job'],
        }}
        onStarted={({ id }) => void navigate({ to: '/jobs/$id', params: { id } as never })}
        onClose={() => setOpen(false)}
      >
        {children}
      </BulkDialog>
    </>
  );
}

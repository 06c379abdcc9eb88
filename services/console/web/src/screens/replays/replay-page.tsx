import { useState } from 'react';
import { useSession } from '../../app/session-context.ts';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { RecentReplays } from './recent-replays.tsx';
import { ReplayCheck } from './replay-check.tsx';
import { ReplayForm } from './replay-form.tsx';
import type { ReplayRequest, ReplayValues } from './replay-request.ts';
import { texts } from './texts.ts';

type Counted = Readonly<{ id: string; request: ReplayRequest }>;

/** Replays events in two steps: what, and, once it is counted, whether. */
export function Page() {
  const { entry } = useSession();
  // What was filled in stays if somebody goes back to change it.
  const [values, setValues] = useState<ReplayValues>();
  const [counted, setCounted] = useState<Counted>();
  return (
    <>
      <PageHeader title={texts.title} lead={entry === 'portal' ? texts.portalLead : texts.lead} />
      {counted === undefined ? (
        <ReplayForm
          values={values}
          onCounted={(id, next, request) => {
            setValues(next);
            setCounted({ id, request });
          }}
        />
      ) : (
        <ReplayCheck id={counted.id} request={counted.request} onChange={() => setCounted(undefined)} />
      )}
      <RecentReplays />
    </>
  );
}

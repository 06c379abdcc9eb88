import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { ErasedMark } from '../../parts/delivery/erased-mark.tsx';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { Explanation, Note, Section } from '../../parts/page/section.tsx';
import { ErrorState, Loading } from '../../parts/page/states.tsx';
import { RunStatus } from '../../parts/runs/run-status.tsx';
import { KeyName } from '../../parts/values/key-name.tsx';
import { isAwaited, refreshMs } from './refresh.ts';
import { RunActions, type RunOrder } from './run-actions.tsx';
import { RunFacts } from './run-facts.tsx';
import { RunSteps } from './run-steps.tsx';
import { texts } from './texts.ts';

type Run = Schemas['Run'];

/** An order that was given, and `changed_at` of the run then. */
type Ordered = Readonly<{ order: RunOrder; at: string }>;

/** One run: what became of it and why, and every step. */
export function Page() {
  const { id = '' } = useParams({ strict: false }) as Readonly<{ id?: string }>;
  const [ordered, setOrdered] = useState<Ordered>();
  const found = useQuery({
    queryKey: ['run', id],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/runs/{id}', { params: { path: { id } }, signal })),
    refetchInterval: ({ state: { data } }) => refreshMs(data, ordered?.at),
  });
  if (found.isPending) return <Loading />;
  if (found.data === undefined)
    return <ErrorState isPage error={found.error} onRetry={() => void found.refetch()} />;
  const run = found.data;
  const awaited = isAwaited(run, ordered?.at) ? ordered?.order : undefined;
  return (
    <>
      <PageHeader
        title={run.handler}
        above={<Link to="/runs">← {texts.back}</Link>}
        lead={
          <>
            <RunStatus status={run.status} /> {run.erased && <ErasedMark />}
          </>
        }
      >
        {awaited === undefined && (
          <RunActions run={run} onOrdered={(order) => setOrdered({ order, at: run.changed_at })} />
        )}
      </PageHeader>
      {awaited !== undefined && (
        <Explanation>
          <p role="status">{texts.ordered[awaited]}</p>
        </Explanation>
      )}
      <Why run={run} />
      <RunFacts run={run} />
      <Section title={texts.steps}>
        {run.steps.length === 0 ? (
          <Note>{texts.noSteps}</Note>
        ) : (
          <>
            <RunSteps steps={run.steps} />
            <Note>{texts.stepsHint}</Note>
          </>
        )}
      </Section>
    </>
  );
}

function Why({ run: { status, failure, cancelled, erased } }: Readonly<{ run: Run }>) {
  if (failure === null && cancelled === null && !erased) return null;
  return (
    <Explanation>
      {failure !== null && <Failure failure={failure} />}
      {failure !== null && status !== 'failed' && cancelled === null && <p>{texts.compensating}</p>}
      {cancelled !== null && (
        <p>
          {texts.cancelledBy} <KeyName id={cancelled.by} />
          {cancelled.reason !== null && (
            <>
              : <ForeignText>{cancelled.reason}</ForeignText>
            </>
          )}
        </p>
      )}
      {erased && <p>{texts.erasedHint}</p>}
    </Explanation>
  );
}

const Failure = ({
  failure: { reason, step, message },
}: Readonly<{ failure: NonNullable<Run['failure']> }>) => (
  <>
    <p>
      <ForeignText>{texts.failures[reason](step)}</ForeignText>
    </p>
    {message !== null && (
      <p>
        <ForeignText>{message}</ForeignText>
      </p>
    )}
  </>
);

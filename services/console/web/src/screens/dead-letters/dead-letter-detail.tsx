import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay, useSession } from '../../app/session-context.ts';
import { ErasedMark } from '../../parts/delivery/erased-mark.tsx';
import { answerWords, reasonWords } from '../../parts/delivery/failure-words.ts';
import { remedyOf } from '../../parts/delivery/remedies.ts';
import { FieldList } from '../../parts/foreign/field-list.tsx';
import { LongData } from '../../parts/foreign/long-data.tsx';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { Card, Explanation, Note, Section } from '../../parts/page/section.tsx';
import { ErrorState, Loading } from '../../parts/page/states.tsx';
import { durationText } from '../../parts/values/relative-time.ts';
import { SmallTable } from '../../parts/values/small-table.tsx';
import { Time } from '../../parts/values/time.tsx';
import { DeadLetterActions } from './dead-letter-actions.tsx';
import { DeadLetterFacts } from './dead-letter-facts.tsx';
import { DeadLetterState } from './dead-letter-state.tsx';
import { texts } from './texts.ts';

type DeadLetter = Schemas['DeadLetterDetail'];

// What is being sent again changes without anybody's doing.
const openMs = 2_000;
const isUnderWay = ({ state }: DeadLetter) => state === 'redriving' || state === 'redriven';

/** One dead letter: why it ended here, what to do, its attempts and its body. */
export function Page() {
  const { id = '' } = useParams({ strict: false }) as Readonly<{ id?: string }>;
  const found = useQuery({
    queryKey: ['dead-letter', id],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/dead-letters/{id}', { params: { path: { id } }, signal })),
    refetchInterval: ({ state: { data } }) => (data !== undefined && isUnderWay(data) ? openMs : false),
  });
  if (found.isPending) return <Loading />;
  if (found.data === undefined)
    return <ErrorState isPage error={found.error} onRetry={() => void found.refetch()} />;
  const deadLetter = found.data;
  const { event_type, state, erased } = deadLetter;
  return (
    <>
      <PageHeader
        title={event_type ?? texts.poison}
        above={<Link to="/dead-letters">← {texts.back}</Link>}
        lead={
          <>
            <DeadLetterState state={state} /> {erased && <ErasedMark />}
          </>
        }
      >
        <DeadLetterActions deadLetter={deadLetter} onDone={() => void found.refetch()} />
      </PageHeader>
      <Why deadLetter={deadLetter} />
      <DeadLetterFacts deadLetter={deadLetter} />
      <Content deadLetter={deadLetter} />
    </>
  );
}

function Why({ deadLetter }: Readonly<{ deadLetter: DeadLetter }>) {
  const { reason, last_error, last_status_code, erased, state, subscription_id } = deadLetter;
  const { entry } = useSession();
  const maySubscriptions = useMay('subscriptions:read');
  const failure = last_error === null ? null : reasonWords(last_error, last_status_code);
  const remedy = erased ? texts.erasedHint : remedyOf(reason);
  return (
    <Explanation>
      {failure !== null && <p>{failure}</p>}
      <p>{reasonWords(reason, last_status_code)}</p>
      {state === 'waiting' && remedy !== undefined && (
        <p>
          <strong>{texts.todo}:</strong> {remedy}{' '}
          {maySubscriptions && subscription_id !== null && reason !== 'unknown-subscription' && (
            <Link to="/subscriptions/$id" params={{ id: subscription_id }}>
              {texts.openSubscription[entry]}
            </Link>
          )}
        </p>
      )}
    </Explanation>
  );
}

function Content({ deadLetter: { attempts, body, record } }: Readonly<{ deadLetter: DeadLetter }>) {
  return (
    <>
      {attempts.length > 0 && (
        <Section title={texts.attempts}>
          <Card>
            <SmallTable
              label={texts.attempts}
              columns={texts.attemptColumns}
              rows={attempts.map(({ at, status_code, reason, duration_ms }) => [
                <Time key="at" at={at} isExact />,
                answerWords(status_code, reason),
                durationText(duration_ms),
              ])}
            />
          </Card>
        </Section>
      )}
      {record !== null && Object.keys(record.headers).length > 0 && (
        <Section title={texts.headers}>
          <Card>
            <FieldList fields={record.headers} />
          </Card>
        </Section>
      )}
      {body !== null && (
        <Section title={texts.body}>
          <LongData
            text={body.content}
            encoding={body.encoding === 'base64' ? 'base64' : 'utf8'}
            name={texts.body}
          />
          {body.is_truncated && <Note>{texts.cut}</Note>}
        </Section>
      )}
    </>
  );
}

import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { ErasedMark } from '../../parts/delivery/erased-mark.tsx';
import { EventData } from '../../parts/foreign/event-data.tsx';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { ButtonLink } from '../../parts/page/button.tsx';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { Links, Note, Section } from '../../parts/page/section.tsx';
import { ErrorState, Loading } from '../../parts/page/states.tsx';
import { CopyableId } from '../../parts/values/copyable-id.tsx';
import { Facts } from '../../parts/values/facts.tsx';
import { Time } from '../../parts/values/time.tsx';
import { DeliveryCounts } from './delivery-counts.tsx';
import { EventRuns } from './event-runs.tsx';
import { texts } from './texts.ts';
import { WhereItWent } from './where-it-went.tsx';

type Event = Schemas['EventDetail'];

// Deliveries that are under way change without anybody's doing.
const openMs = 2_000;
const isUnderWay = ({ deliveries: { pending, retrying } }: Event) => pending + retrying > 0;

/** One event: its data, and every delivery of it. */
export function Page() {
  const { id = '' } = useParams({ strict: false }) as Readonly<{ id?: string }>;
  const mayErase = useMay('admin');
  const event = useQuery({
    queryKey: ['event', id],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/events/{id}', { params: { path: { id } }, signal })),
    refetchInterval: ({ state: { data } }) => (data !== undefined && isUnderWay(data) ? openMs : false),
  });
  if (event.isPending) return <Loading />;
  if (event.data === undefined) {
    return <ErrorState isPage error={event.error} onRetry={() => void event.refetch()} />;
  }
  const { type, data_status, delivery_list, deliveries } = event.data;
  return (
    <>
      <PageHeader
        title={type}
        above={<Link to="/events">← {texts.back}</Link>}
        lead={
          <>
            <DeliveryCounts counts={deliveries} /> {event.data.erased && <ErasedMark />}
          </>
        }
      >
        {mayErase && !event.data.erased && (
          <ButtonLink to="/erasures" search={{ event_id: id }}>
            {texts.erase}
          </ButtonLink>
        )}
      </PageHeader>
      <EventFacts event={event.data} />
      <Section title={texts.deliveries}>
        {delivery_list.length === 0 ? (
          <Note>{texts.noDeliveries}</Note>
        ) : (
          <WhereItWent acceptedAt={event.data.accepted_at} deliveries={delivery_list} />
        )}
        {deliveries.total > delivery_list.length && (
          <Links>
            <Link to="/deliveries" search={{ event_id: id } as never}>
              {texts.allDeliveries}
            </Link>
          </Links>
        )}
      </Section>
      <EventRuns id={id} />
      <Section title={texts.data}>
        {data_status === 'available' ? (
          <EventData event={event.data} name={texts.data} />
        ) : (
          <Note>
            {texts.dataStatus[data_status]}{' '}
            {event.data.data_url !== null && (
              <a href={event.data.data_url} download={`${id}.json`}>
                {texts.download}
              </a>
            )}
          </Note>
        )}
      </Section>
    </>
  );
}

const textOrNull = (text: string | null) => (text === null ? null : <ForeignText>{text}</ForeignText>);

/** The source of an event; a link to what it received, for an event that came from a third party. */
function EventSource({ event: { id, source } }: Readonly<{ event: Event }>) {
  const mayRead = useMay('sources:write');
  const [, of] = /^\/v1\/sources\/(src_[0-9a-f]{32})$/.exec(source) ?? [];
  if (of === undefined || !mayRead) return <ForeignText>{source}</ForeignText>;
  return (
    <Link to="/sources/$id" params={{ id: of } as never} search={{ event_id: id } as never}>
      {source}
    </Link>
  );
}

function EventFacts({ event }: Readonly<{ event: Event }>) {
  const t = texts.facts;
  return (
    <Facts
      facts={[
        [t.id, <CopyableId key="id" id={event.id} name={t.id} />],
        [t.caller, textOrNull(event.caller_id)],
        [t.source, <EventSource key="source" event={event} />],
        [t.consumer, textOrNull(event.consumer_id)],
        [t.key, textOrNull(event.ordering_key)],
        [t.accepted, <Time key="accepted" at={event.accepted_at} isExact />],
        [t.time, <Time key="time" at={event.time} isExact />],
        [
          t.trace,
          event.trace_id === null ? null : <CopyableId key="trace" id={event.trace_id} name={t.trace} />,
        ],
        [t.size, texts.bytes(event.size_bytes)],
        [t.position, texts.positionText(event.position.partition, event.position.offset)],
      ]}
    />
  );
}

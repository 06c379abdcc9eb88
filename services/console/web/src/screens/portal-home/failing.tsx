import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { DeliveryStatus } from '../../parts/delivery/delivery-status.tsx';
import { failureWords } from '../../parts/delivery/failure-words.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { Card, Links, Note, Section } from '../../parts/page/section.tsx';
import { ErrorState, Loading } from '../../parts/page/states.tsx';
import { SmallTable } from '../../parts/values/small-table.tsx';
import { Time } from '../../parts/values/time.tsx';
import { texts } from './texts.ts';

type Row = Schemas['DeliverySummary'];

const shown = 6;

/** The newest deliveries that wait for a retry or were given up, with the reason in words. */
export function Failing({ refreshMs }: Readonly<{ refreshMs: number }>) {
  const failing = useQuery({
    queryKey: ['deliveries', 'portal-home'],
    queryFn: async ({ signal }) => newest(await Promise.all(queries.map((query) => read(query, signal)))),
    refetchInterval: refreshMs,
  });
  return (
    <Section title={texts.failing}>
      {failing.isPending ? (
        <Loading />
      ) : failing.data === undefined ? (
        <ErrorState error={failing.error} onRetry={() => void failing.refetch()} />
      ) : failing.data.length === 0 ? (
        <Note>{texts.nothingFails}</Note>
      ) : (
        <List rows={failing.data} />
      )}
    </Section>
  );
}

type Query = Readonly<{ status: 'retrying' | 'dead_lettered'; limit: number }>;

const queries: readonly Query[] = [
  { status: 'retrying', limit: shown },
  { status: 'dead_lettered', limit: shown },
];

const read = async (query: Query, signal: AbortSignal): Promise<readonly Row[]> =>
  (await dataOf(api.GET('/v1/webhooks/deliveries', { params: { query }, signal }))).data;

const newest = (lists: readonly (readonly Row[])[]): readonly Row[] =>
  lists
    .flat()
    .sort((a, b) => b.updated_at.localeCompare(a.updated_at))
    .slice(0, shown);

const List = ({ rows }: Readonly<{ rows: readonly Row[] }>) => (
  <>
    <Card>
      <SmallTable
        label={texts.failing}
        isWordy
        columns={texts.failingColumns}
        rows={rows.map((row) => [
          <Link key="event" to="/deliveries/$id" params={{ id: row.id }}>
            <ForeignText>{row.event_type}</ForeignText>
          </Link>,
          <DeliveryStatus key="status" status={row.status} />,
          failureWords(row).join(' '),
          <Time key="at" at={row.updated_at} isShort />,
        ])}
      />
    </Card>
    <Links>
      <Link to="/deliveries" search={{ status: 'retrying' } as never}>
        {texts.allFailing}
      </Link>
      <Link to="/deliveries" search={{ status: 'dead_lettered' } as never}>
        {texts.allGivenUp}
      </Link>
    </Links>
  </>
);

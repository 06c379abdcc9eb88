import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, dataOf } from '../../api/client.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { Card, Links, Note, Section } from '../../parts/page/section.tsx';
import { ErrorState, Loading } from '../../parts/page/states.tsx';
import { SmallTable } from '../../parts/values/small-table.tsx';
import { Time } from '../../parts/values/time.tsx';
import { texts } from './texts.ts';

const shownCount = 20;

/** The newest keys that are limited to a consumer. */
export function ConsumerKeys({ consumerId }: Readonly<{ consumerId: string }>) {
  const query = { consumer_id: consumerId, limit: shownCount };
  const page = useQuery({
    queryKey: ['keys-of', consumerId],
    queryFn: async ({ signal }) => dataOf(api.GET('/v1/webhooks/api-keys', { params: { query }, signal })),
  });
  return (
    <Section
      title={texts.keys}
      actions={
        <Links>
          <Link to="/keys" search={{ consumer_id: consumerId } as never}>
            {texts.allKeys}
          </Link>
          <Link to="/keys/new" search={{ consumer_id: consumerId } as never}>
            {texts.createKey}
          </Link>
        </Links>
      }
    >
      {page.isPending ? (
        <Loading />
      ) : page.data === undefined ? (
        <ErrorState error={page.error} onRetry={() => void page.refetch()} />
      ) : page.data.data.length === 0 ? (
        <Note>{texts.noKeys}</Note>
      ) : (
        <Card>
          <SmallTable
            label={texts.keys}
            columns={[texts.keyName, texts.keyState, texts.scopes, texts.lastUsed, texts.expires]}
            rows={page.data.data.map(({ id, name, state, scopes, last_used_at, expires_at }) => [
              <Link key="name" to="/keys/$id" params={{ id }}>
                <ForeignText>{name ?? texts.unnamed}</ForeignText>
              </Link>,
              texts.keyStates[state],
              scopes.join(', '),
              last_used_at === null ? texts.never : <Time key="used" at={last_used_at} />,
              expires_at === null ? texts.never : <Time key="expires" at={expires_at} />,
            ])}
          />
        </Card>
      )}
    </Section>
  );
}

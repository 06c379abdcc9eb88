import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Schemas } from '../../api/client.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { CopyableId } from '../../parts/values/copyable-id.tsx';
import { Facts } from '../../parts/values/facts.tsx';
import { Time } from '../../parts/values/time.tsx';
import { texts } from './texts.ts';

type DeadLetter = Schemas['DeadLetterDetail'];

const foreign = (text: string | null | undefined): ReactNode =>
  text === null || text === undefined ? null : <ForeignText>{text}</ForeignText>;

const linkTo = (
  path: '/deliveries/$id' | '/events/$id' | '/jobs/$id' | '/subscriptions/$id',
  id: string | null,
): ReactNode =>
  id === null ? null : (
    <Link to={path} params={{ id } as never}>
      <code>{id}</code>
    </Link>
  );

/** The properties of a dead letter, with links to what they name. */
export function DeadLetterFacts({ deadLetter }: Readonly<{ deadLetter: DeadLetter }>) {
  const t = texts.facts;
  const { id, origin, settled, record, attempt_count } = deadLetter;
  return (
    <Facts
      facts={[
        [t.id, <CopyableId key="id" id={id} name={t.id} />],
        [t.delivery, linkTo('/deliveries/$id', deadLetter.delivery_id)],
        [t.event, linkTo('/events/$id', deadLetter.event_id)],
        [t.subscription, linkTo('/subscriptions/$id', deadLetter.subscription_id)],
        [t.consumer, foreign(deadLetter.consumer_id)],
        [t.recorded, <Time key="recorded" at={deadLetter.recorded_at} isExact />],
        [t.first, attempt_count === 0 ? null : <Time key="first" at={deadLetter.first_error_at} isExact />],
        [t.last, attempt_count === 0 ? null : <Time key="last" at={deadLetter.last_error_at} isExact />],
        [t.size, texts.bytes(deadLetter.bytes)],
        [t.origin, origin === null ? null : texts.originText(origin.topic, origin.partition, origin.offset)],
        [t.detail, foreign(origin?.detail)],
        [t.key, foreign(record?.key)],
        [t.job, linkTo('/jobs/$id', deadLetter.job_id)],
        [t.settled, settled === null ? null : <Time key="settled" at={settled.at} isExact />],
        [t.settledBy, foreign(settled?.by)],
        [t.settledReason, foreign(settled?.reason)],
      ]}
    />
  );
}

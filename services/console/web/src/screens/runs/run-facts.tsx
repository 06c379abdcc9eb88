import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../api/client.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { CopyableId } from '../../parts/values/copyable-id.tsx';
import { Facts } from '../../parts/values/facts.tsx';
import { Time } from '../../parts/values/time.tsx';
import { texts } from './texts.ts';

const textOrNull = (text: string | null) => (text === null ? null : <ForeignText>{text}</ForeignText>);

/** The properties of a run, with a link to its event. */
export function RunFacts({ run }: Readonly<{ run: Schemas['Run'] }>) {
  const t = texts.facts;
  const { id, event_id, ended_at, waiting_until, retries } = run;
  return (
    <Facts
      facts={[
        [t.id, <CopyableId key="id" id={id} name={t.id} />],
        [t.app, textOrNull(run.app)],
        [
          t.event,
          <CopyableId key="event" id={event_id} name={t.event}>
            <Link to="/events/$id" params={{ id: event_id }}>
              <code>{event_id}</code>
            </Link>
          </CopyableId>,
        ],
        [t.type, textOrNull(run.event_type)],
        [t.consumer, textOrNull(run.consumer_id)],
        [t.key, textOrNull(run.ordering_key)],
        [t.started, <Time key="started" at={run.started_at} isExact />],
        [t.changed, <Time key="changed" at={run.changed_at} isExact />],
        [t.ended, ended_at === null ? null : <Time key="ended" at={ended_at} isExact />],
        [t.next, waiting_until === null ? null : <Time key="next" at={waiting_until} isExact isPlanned />],
        [t.retries, retries === 0 ? null : retries.toLocaleString()],
      ]}
    />
  );
}

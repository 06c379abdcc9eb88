import type { Schemas } from '../../api/client.ts';
import { EventData } from '../../parts/event-data.tsx';
import { FieldList } from '../../parts/field-list.tsx';
import { LongData } from '../../parts/long-data.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import styles from './attempt-details.module.css';
import { PhaseBar } from './phase-bar.tsx';
import { texts } from './texts.ts';

type Attempt = Schemas['Attempt'];
type Event = Schemas['EventDetail'] | undefined;

/** Shows what was sent, what came back, and how long each part took. */
export function AttemptDetails({ attempt, event }: Readonly<{ attempt: Attempt; event: Event }>) {
  const { phases, details } = attempt;
  if (details === 'unrecorded') return <p className={styles.note}>{texts.unrecorded}</p>;
  return (
    <>
      {phases !== null && <PhaseBar phases={phases} />}
      {details === 'dropped' && <p className={styles.note}>{texts.dropped}</p>}
      <Tabs
        label={texts.attempt(attempt.attempt)}
        tabs={[
          { name: texts.response, content: <Response attempt={attempt} /> },
          { name: texts.request, content: <Request attempt={attempt} event={event} /> },
        ]}
      />
    </>
  );
}

type HeadersProps = Readonly<{ fields: Attempt['request_headers']; omitted: number }>;

function Headers({ fields, omitted }: HeadersProps) {
  return (
    <section className={styles.part}>
      <h3>{texts.headers}</h3>
      {fields === null || Object.keys(fields).length === 0 ? (
        <p className={styles.note}>{texts.noHeaders}</p>
      ) : (
        <FieldList fields={fields} />
      )}
      {omitted > 0 && <p className={styles.note}>{texts.omitted(omitted)}</p>}
    </section>
  );
}

function Response({ attempt }: Readonly<{ attempt: Attempt }>) {
  const { response_headers, response_headers_omitted, response_body, status_code } = attempt;
  if (status_code === null && response_headers === null)
    return <p className={styles.note}>{texts.noResponse}</p>;
  return (
    <>
      <section className={styles.part}>
        <h3>{texts.body}</h3>
        {attempt.response_body_withheld ? (
          <p className={styles.note}>{texts.withheld}</p>
        ) : (
          <LongData
            text={response_body ?? attempt.response_excerpt ?? ''}
            encoding={attempt.response_body_encoding}
            name={texts.body}
          />
        )}
        {attempt.response_body_truncated && <p className={styles.note}>{texts.cut}</p>}
      </section>
      <Headers fields={response_headers} omitted={response_headers_omitted} />
    </>
  );
}

function Request({ attempt, event }: Readonly<{ attempt: Attempt; event: Event }>) {
  const { request_headers, request_headers_omitted } = attempt;
  return (
    <>
      <section className={styles.part}>
        <h3>{texts.eventData}</h3>
        {event === undefined || event.data_status !== 'available' ? (
          <p className={styles.note}>{texts.dataGone}</p>
        ) : (
          <>
            <EventData event={event} name={texts.eventData} />
            <p className={styles.note}>{texts.bodyIsEvent}</p>
          </>
        )}
      </section>
      <Headers fields={request_headers} omitted={request_headers_omitted} />
    </>
  );
}

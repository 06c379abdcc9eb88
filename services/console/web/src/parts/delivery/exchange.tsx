import type { ReactNode } from 'react';
import type { Schemas } from '../../api/client.ts';
import { FieldList } from '../foreign/field-list.tsx';
import { LongData } from '../foreign/long-data.tsx';
import { Tabs } from '../page/tabs.tsx';
import styles from './exchange.module.css';
import { texts } from './exchange-texts.ts';
import { PhaseBar } from './phase-bar.tsx';

type Recorded = Pick<
  Schemas['TestResult'],
  | 'details'
  | 'phases'
  | 'request_headers'
  | 'request_headers_omitted'
  | 'response_headers'
  | 'response_headers_omitted'
  | 'response_body'
  | 'response_body_encoding'
  | 'response_body_truncated'
  | 'response_body_withheld'
  | 'status_code'
>;
type Props = Readonly<{
  label: string;
  /** `response_excerpt`: the beginning of the body, as earlier releases recorded it. */
  exchange: Omit<Recorded, 'details'> &
    Readonly<{ details: Schemas['Attempt']['details']; response_excerpt?: string | null }>;
  /** The part of the request that an attempt does not record: its body. */
  body: ReactNode;
}>;

/** Shows one request to an endpoint: what was sent, what came back, and how long each part took. */
export function Exchange({ label, exchange, body }: Props) {
  const { phases, details, request_headers, request_headers_omitted } = exchange;
  if (details === 'unrecorded') return <p className={styles.note}>{texts.unrecorded}</p>;
  const times = phases !== null && <PhaseBar phases={phases} />;
  if (details === 'erased') {
    return (
      <>
        {times}
        <p className={styles.note}>{texts.erased}</p>
      </>
    );
  }
  return (
    <>
      {times}
      {details === 'dropped' && <p className={styles.note}>{texts.dropped}</p>}
      <Tabs
        label={label}
        tabs={[
          { name: texts.response, content: <Response exchange={exchange} /> },
          {
            name: texts.request,
            content: (
              <>
                {body}
                <Headers fields={request_headers} omitted={request_headers_omitted} />
              </>
            ),
          },
        ]}
      />
    </>
  );
}

/** A part of a request or response under its title. */
export const ExchangePart = ({ title, children }: Readonly<{ title: string; children: ReactNode }>) => (
  <section className={styles.part}>
    <h3>{title}</h3>
    {children}
  </section>
);

/** A remark on a part. */
export const ExchangeNote = ({ children }: Readonly<{ children: ReactNode }>) => (
  <p className={styles.note}>{children}</p>
);

type HeadersProps = Readonly<{ fields: Recorded['request_headers']; omitted: number }>;

function Headers({ fields, omitted }: HeadersProps) {
  return (
    <ExchangePart title={texts.headers}>
      {fields === null || Object.keys(fields).length === 0 ? (
        <p className={styles.note}>{texts.noHeaders}</p>
      ) : (
        <FieldList fields={fields} />
      )}
      {omitted > 0 && <p className={styles.note}>{texts.omitted(omitted)}</p>}
    </ExchangePart>
  );
}

function Response({ exchange }: Pick<Props, 'exchange'>) {
  const { response_headers, response_headers_omitted, response_body, status_code } = exchange;
  if (status_code === null && response_headers === null)
    return <p className={styles.note}>{texts.noResponse}</p>;
  return (
    <>
      <ExchangePart title={texts.body}>
        {exchange.response_body_withheld ? (
          <p className={styles.note}>{texts.withheld}</p>
        ) : (
          <LongData
            text={response_body ?? exchange.response_excerpt ?? ''}
            encoding={exchange.response_body_encoding}
            name={texts.body}
          />
        )}
        {exchange.response_body_truncated && <p className={styles.note}>{texts.cut}</p>}
      </ExchangePart>
      <Headers fields={response_headers} omitted={response_headers_omitted} />
    </>
  );
}

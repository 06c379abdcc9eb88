import { useState } from 'react';
import type { Schemas } from '../../api/client.ts';
import { ForeignText } from '../foreign/foreign-text.tsx';
import { LongData } from '../foreign/long-data.tsx';
import { StatusBadge } from '../values/status-badge.tsx';
import { Time } from '../values/time.tsx';
import styles from './filter-editor.module.css';
import type { FilterSample } from './filter-samples.ts';
import { texts } from './filter-texts.ts';

/** The answer of the API for one sample. */
export type FilterResult = Readonly<{ sample: FilterSample; test: Schemas['FilterTest'] }>;

type Props = Readonly<{
  results: readonly FilterResult[];
  openId: string | null;
  onOpen: (id: string | null) => void;
}>;

/** Each sample with its outcome; the open one shows the conditions that do not hold, and its data. */
export function FilterResults({ results, openId, onOpen }: Props) {
  const matching = results.filter(({ test }) => test.matches).length;
  return (
    <section className={styles.results} aria-label={texts.results}>
      <p className={styles.summary} role="status">
        {texts.summary(matching, results.length)}
      </p>
      <ul>
        {results.map((result) => {
          const { id } = result.sample;
          return (
            <Result
              key={id}
              result={result}
              isOpen={id === openId}
              onToggle={() => onOpen(id === openId ? null : id)}
            />
          );
        })}
      </ul>
    </section>
  );
}

type ResultProps = Readonly<{ result: FilterResult; isOpen: boolean; onToggle: () => void }>;

function Result({ result: { sample, test }, isOpen, onToggle }: ResultProps) {
  const [json] = useState(() => JSON.stringify(sample.data));
  return (
    <li className={styles.result}>
      <button type="button" className={styles.row} aria-expanded={isOpen} onClick={onToggle}>
        <span className={styles.outcome}>
          <StatusBadge tone={test.matches ? 'good' : 'quiet'}>
            {test.matches ? texts.matches : texts.fails}
          </StatusBadge>
        </span>
        <span className={styles.type}>
          {sample.eventType === null ? texts.ownSample : <ForeignText>{sample.eventType}</ForeignText>}
        </span>
        <span className={styles.soft}>
          {sample.kind === 'event' ? (
            <>
              {texts.event} <Time at={sample.at} />
            </>
          ) : sample.kind === 'example' ? (
            texts.example
          ) : null}
        </span>
      </button>
      {isOpen && (
        <div className={styles.details}>
          {test.failed.length > 0 && (
            <>
              <p>{texts.why}</p>
              <ul className={styles.failed}>
                {test.failed.map(({ pointer, detail }) => (
                  <li key={pointer}>
                    <code>
                      <ForeignText>{clauseOf(pointer)}</ForeignText>
                    </code>{' '}
                    <ForeignText>{detail}</ForeignText>
                  </li>
                ))}
              </ul>
            </>
          )}
          <LongData text={json} name={texts.data} />
        </div>
      )}
    </li>
  );
}

/** Returns a condition in the words of the filter: `/filter/total/$gte` is `total $gte`. */
function clauseOf(pointer: string): string {
  const parts = pointer.split('/').slice(2);
  if (parts.length === 0) return texts.whole;
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')).join(' ');
}

import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../api/client.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { StatusBadge, type Tone } from '../../parts/values/status-badge.tsx';
import styles from './event-types.module.css';
import { texts } from './texts.ts';

type Result = Schemas['EventTypeImport'];
type Outcome = Schemas['ImportedEventType']['outcome'];

const tones: Readonly<Record<Outcome, Tone>> = {
  created: 'good',
  new_version: 'good',
  unchanged: 'quiet',
  refused: 'bad',
};

/** The outcome of an import by type, with the reasons of rejections. */
export function ImportResults({ result: { dry_run, counts, data } }: Readonly<{ result: Result }>) {
  const t = texts.importing;
  return (
    <section className={styles.section} role="status">
      <p>
        <strong>{dry_run ? t.dryRun : t.done}</strong> {t.counts(counts)}
      </p>
      <table className={styles.table}>
        <thead>
          <tr>
            {Object.values(t.columns).map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.map(({ name, pointer, outcome, active_schema, errors }) => (
            <tr key={pointer}>
              <th scope="row">
                {dry_run || outcome === 'refused' ? (
                  <ForeignText>{name}</ForeignText>
                ) : (
                  <Link to="/event-types/$name" params={{ name }}>
                    {name}
                  </Link>
                )}
              </th>
              <td>
                <StatusBadge tone={tones[outcome]}>{t.outcomes[outcome]}</StatusBadge>
              </td>
              <td>{active_schema === null ? '–' : texts.version(active_schema)}</td>
              <td>
                {errors.map((error) => (
                  <p key={error.pointer}>
                    <code>
                      <ForeignText>{error.pointer}</ForeignText>
                    </code>{' '}
                    <ForeignText>{error.detail}</ForeignText>
                  </p>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

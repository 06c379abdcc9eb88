import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ChangeEvent, useState } from 'react';
import { type ApiProblem, problemOf } from '../../api/api-problem.ts';
import { fetchApi, type Schemas } from '../../api/client.ts';
import { useMay, useSession } from '../../app/session-context.ts';
import { Field } from '../../parts/form/field.tsx';
import { Button } from '../../parts/page/button.tsx';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { ErrorState, NotAllowed } from '../../parts/page/states.tsx';
import styles from './event-types.module.css';
import { ImportResults } from './import-results.tsx';
import { texts } from './texts.ts';

/** Imports event types from a document of a standard, after a look at what that would do. */
export function Page() {
  const mayChange = useMay('admin');
  return mayChange && useSession().entry === 'operator' ? <ImportTypes /> : <NotAllowed scope="admin" />;
}

function ImportTypes() {
  const t = texts.importing;
  const queries = useQueryClient();
  const [document, setDocument] = useState('');
  const [isForced, setForced] = useState(false);
  const [result, setResult] = useState<Schemas['EventTypeImport'] | null>(null);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [isWorking, setWorking] = useState(false);
  const change = (text: string) => {
    setDocument(text);
    setResult(null);
    setProblem(null);
  };
  const readFile = async ({ target }: ChangeEvent<HTMLInputElement>) => {
    const [file] = target.files ?? [];
    if (file !== undefined) change(await file.text());
  };
  const run = async (isDryRun: boolean) => {
    setWorking(true);
    setProblem(null);
    try {
      setResult(await send(document, { isDryRun, isForced }));
      if (!isDryRun) void queries.invalidateQueries({ queryKey: ['event-types'] });
    } catch (error) {
      setResult(null);
      setProblem(problemOf(error));
    } finally {
      setWorking(false);
    }
  };
  const isMissing = document.trim() === '';
  return (
    <>
      <PageHeader title={t.title} lead={t.lead} above={<Link to="/event-types">← {texts.back}</Link>} />
      <div className={styles.importForm}>
        <Field label={t.file} hint={t.fileHint}>
          {(control) => (
            <input
              {...control}
              type="file"
              accept=".json,application/json"
              onChange={(event) => void readFile(event)}
            />
          )}
        </Field>
        <Field label={t.paste}>
          {({ className = '', ...control }) => (
            <textarea
              {...control}
              className={`${className} ${styles.document}`}
              rows={8}
              spellCheck={false}
              value={document}
              onChange={(event) => change(event.target.value)}
            />
          )}
        </Field>
        <label className={styles.check}>
          <input type="checkbox" checked={isForced} onChange={(event) => setForced(event.target.checked)} />
          {t.force}
        </label>
        <div className={styles.row}>
          <Button disabled={isMissing || isWorking} onClick={() => void run(true)}>
            {isWorking ? t.working : t.check}
          </Button>
          <Button kind="primary" disabled={isMissing || isWorking} onClick={() => void run(false)}>
            {t.action}
          </Button>
          {isMissing && <span className={styles.note}>{t.missing}</span>}
        </div>
      </div>
      {problem !== null && <ErrorState error={problem} />}
      {result !== null && <ImportResults result={result} />}
    </>
  );
}

type Options = Readonly<{ isDryRun: boolean; isForced: boolean }>;

/** Sends the document as it is written: the API says where it is no JSON, or would lose something. */
async function send(document: string, { isDryRun, isForced }: Options): Promise<Schemas['EventTypeImport']> {
  const url = new URL('/v1/webhooks/event-types/import', location.origin);
  url.searchParams.set('dry_run', String(isDryRun));
  url.searchParams.set('force', String(isForced));
  const headers = { 'content-type': 'application/json' };
  const response = await fetchApi(new Request(url, { method: 'POST', headers, body: document }));
  return (await response.json()) as Schemas['EventTypeImport'];
}

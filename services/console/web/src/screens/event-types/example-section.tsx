import { useState } from 'react';
import { type ApiProblem, problemOf } from '../../api/api-problem.ts';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay, useSession } from '../../app/session-context.ts';
import { readJsonText } from '../../parts/code/json-text.ts';
import { LongData } from '../../parts/foreign/long-data.tsx';
import { Button } from '../../parts/page/button.tsx';
import { ErrorState } from '../../parts/page/states.tsx';
import { StatusBadge } from '../../parts/values/status-badge.tsx';
import styles from './event-types.module.css';
import { exampleText } from './example-text.ts';
import { JsonField } from './json-field.tsx';
import { texts } from './texts.ts';

type EventType = Schemas['EventType'];

/** The example of a type, and whether other data satisfy its schema. */
export function ExampleSection({ type }: Readonly<{ type: EventType }>) {
  const t = texts.example;
  const isOperator = useSession().entry === 'operator';
  const mayCheck = useMay('admin') && isOperator && type.schema !== null;
  return (
    <section className={styles.section} aria-labelledby="example">
      <h2 id="example">{t.title}</h2>
      {type.example === null ? (
        <p className={styles.note}>
          {t.none} {isOperator && t.noneAction}
        </p>
      ) : (
        <LongData text={JSON.stringify(type.example)} name={t.title} />
      )}
      {mayCheck && (
        <details className={styles.fold}>
          <summary>{t.check}</summary>
          <CheckData type={type} />
        </details>
      )}
    </section>
  );
}

type Outcome = Readonly<{ faults: ReadonlyMap<string, string>; problem: ApiProblem | null }>;

function CheckData({ type }: Readonly<{ type: EventType }>) {
  const t = texts.example;
  const [data, setData] = useState(() => exampleText(type));
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [isWorking, setWorking] = useState(false);
  const version = type.active_schema ?? 1;
  const run = async () => {
    setWorking(true);
    try {
      setOutcome({ faults: await faultsOf(type, JSON.parse(data) as unknown), problem: null });
    } catch (error) {
      setOutcome({ faults: new Map(), problem: problemOf(error) });
    } finally {
      setWorking(false);
    }
  };
  const change = (next: string) => {
    setData(next);
    setOutcome(null);
  };
  return (
    <div className={styles.card}>
      <JsonField label={t.data} name="data" value={data} onChange={change} faults={outcome?.faults} />
      <div className={styles.row}>
        <Button disabled={isWorking || !readJsonText(data).ok} onClick={() => void run()}>
          {isWorking ? t.running : t.run(version)}
        </Button>
        <span role="status">
          {outcome === null || outcome.problem !== null ? (
            <span className={styles.note}>{t.checkHint}</span>
          ) : (
            <StatusBadge tone={outcome.faults.size === 0 ? 'good' : 'bad'}>
              {outcome.faults.size === 0 ? t.valid(version) : t.invalid(version, outcome.faults.size)}
            </StatusBadge>
          )}
        </span>
      </div>
      {outcome?.problem != null && <ErrorState error={outcome.problem} />}
    </div>
  );
}

/** Returns the faults of data by `data/…`: by an import of the type with these data as its example, which writes nothing. */
async function faultsOf({ name, schema }: EventType, data: unknown): Promise<ReadonlyMap<string, string>> {
  const document = {
    asyncapi: '3.0.0',
    info: { title: name, version: '1' },
    channels: { type: { address: name, messages: { type: { name, payload: schema, 'x-example': data } } } },
  };
  const query = { dry_run: true, force: true };
  const { data: results } = await dataOf(
    api.POST('/v1/webhooks/event-types/import', { params: { query }, body: document }),
  );
  const faults = results.flatMap(({ errors }) => errors);
  return new Map(faults.map(({ pointer, detail }) => [pointer.replace(/^.*?\/x-example/, 'data'), detail]));
}

import { Link } from '@tanstack/react-router';
import { type FormEvent, useRef, useState } from 'react';
import { type ApiProblem, problemOf } from '../../api/api-problem.ts';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { readJsonText } from '../../parts/code/json-text.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { Field } from '../../parts/form/field.tsx';
import { Button } from '../../parts/page/button.tsx';
import { CopyableId } from '../../parts/values/copyable-id.tsx';
import { texts as shared } from '../../texts/index.ts';
import styles from './event-types.module.css';
import { exampleText } from './example-text.ts';
import { JsonField } from './json-field.tsx';
import { texts } from './texts.ts';

type Accepted = Schemas['AcceptedEvent'];

/** Publishes an event of a type with data that somebody can change, and leads to what becomes of it. */
export function PublishTest({ type }: Readonly<{ type: Schemas['EventType'] }>) {
  const t = texts.publish;
  const [data, setData] = useState(() => exampleText(type));
  const [consumer, setConsumer] = useState('');
  const [key, setKey] = useState('');
  const [accepted, setAccepted] = useState<Accepted | null>(null);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const [isWorking, setWorking] = useState(false);
  // One for one intention: a repeat after a lost answer publishes nothing more, a changed event is another one.
  const intention = useRef(crypto.randomUUID());
  const read = readJsonText(data);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setWorking(true);
    setProblem(null);
    try {
      setAccepted(await publish(data, { type: type.name, consumer, key, intention: intention.current }));
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setWorking(false);
    }
  };
  const changing = (set: (text: string) => void) => (text: string) => {
    intention.current = crypto.randomUUID();
    set(text);
  };
  const again = () => {
    intention.current = crypto.randomUUID();
    setAccepted(null);
  };
  if (accepted !== null) return <Done accepted={accepted} onAgain={again} />;
  return (
    <form className={styles.dialogForm} onSubmit={(event) => void submit(event)} noValidate>
      <p className={styles.note}>{t.warning}</p>
      <JsonField
        label={t.data}
        name="data"
        value={data}
        onChange={changing(setData)}
        faults={problem?.fields}
      />
      <Field
        label={t.consumer}
        hint={type.audience === 'addressed' ? t.consumerHint : t.anyConsumerHint}
        error={problem?.fields.get('consumer_id')}
      >
        {(control) => (
          <input
            {...control}
            value={consumer}
            onChange={(event) => changing(setConsumer)(event.target.value)}
          />
        )}
      </Field>
      <Field label={t.key} error={problem?.fields.get('ordering_key')}>
        {(control) => (
          <input {...control} value={key} onChange={(event) => changing(setKey)(event.target.value)} />
        )}
      </Field>
      {problem !== null && problem.fields.size === 0 && (
        <p className={styles.fault} role="alert">
          {problem.status === 503 ? shared.error.unconfirmed : problem.message}
        </p>
      )}
      <div className={styles.dialogActions}>
        <Button type="submit" kind="primary" disabled={isWorking || !read.ok}>
          {isWorking ? t.working : t.action}
        </Button>
      </div>
    </form>
  );
}

type Publication = Readonly<{ type: string; consumer: string; key: string; intention: string }>;

/** Publishes an event. */
async function publish(data: string, { type, consumer, key, intention }: Publication): Promise<Accepted> {
  const body = {
    type,
    data: JSON.parse(data) as Schemas['EventType']['example'],
    ...(consumer.trim() === '' ? {} : { consumer_id: consumer.trim() }),
    ...(key.trim() === '' ? {} : { ordering_key: key.trim() }),
  };
  const header = { 'Idempotency-Key': intention };
  return dataOf(api.POST('/v1/events', { params: { header }, body })) as Promise<Accepted>;
}

function Done({ accepted, onAgain }: Readonly<{ accepted: Accepted; onAgain: () => void }>) {
  const t = texts.publish;
  return (
    <div className={styles.dialogForm} role="status">
      <p>
        <strong>{t.done}</strong>
      </p>
      <CopyableId id={accepted.id} name={t.done} />
      <p className={styles.note}>{t.doneHint}</p>
      {accepted.warnings !== undefined && accepted.warnings.length > 0 && (
        <>
          <p>{t.warnings}</p>
          <ul className={styles.faults}>
            {accepted.warnings.map(({ pointer, detail }) => (
              <li key={pointer}>
                <code>
                  <ForeignText>{pointer}</ForeignText>
                </code>{' '}
                <ForeignText>{detail}</ForeignText>
              </li>
            ))}
          </ul>
        </>
      )}
      <div className={styles.dialogActions}>
        <Button onClick={onAgain}>{t.again}</Button>
        <Link to="/events/$id" params={{ id: accepted.id }}>
          {t.follow}
        </Link>
      </div>
    </div>
  );
}

import { useState } from 'react';
import { ChoiceField, TextField } from '../../parts/form/fields.tsx';
import { useFilters } from '../../parts/list/filters.ts';
import { Button } from '../../parts/page/button.tsx';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { EraseDialog } from './erase-dialog.tsx';
import styles from './erasure.module.css';
import { erasureFilters } from './erasure-filters.ts';
import { PastErasures } from './past-erasures.tsx';
import { texts } from './texts.ts';

type Kind = 'event' | 'consumer';

const kinds = [
  { value: 'event', label: texts.kinds.event, hint: texts.kinds.eventHint },
  { value: 'consumer', label: texts.kinds.consumer, hint: texts.kinds.consumerHint },
] as const;

/** Erases the data of an event or a consumer, and lists what was erased so far. */
export function Page() {
  const [values] = useFilters(erasureFilters);
  const [kind, setKind] = useState<Kind>(values.consumer_id === undefined ? 'event' : 'consumer');
  const [id, setId] = useState(values.event_id ?? values.consumer_id ?? '');
  const [reason, setReason] = useState('');
  const [fault, setFault] = useState<string>();
  const [isAsking, setAsking] = useState(false);
  const subject = id.trim();
  const ask = () => {
    setFault(subject === '' ? texts.missing : undefined);
    if (subject !== '') setAsking(true);
  };
  return (
    <>
      <PageHeader title={texts.title} lead={texts.lead} />
      <form
        className={styles.form}
        aria-label={texts.form}
        onSubmit={(event) => {
          event.preventDefault();
          ask();
        }}
      >
        <ChoiceField label={texts.what} name="kind" value={kind} onChange={setKind} options={kinds} />
        <TextField
          label={kind === 'event' ? texts.event : texts.consumer}
          placeholder={kind === 'event' ? 'evt_…' : ''}
          value={id}
          onChange={setId}
          error={fault}
          isRequired
          isCode
        />
        <TextField
          label={texts.reason}
          hint={texts.reasonHint}
          value={reason}
          onChange={setReason}
          error={undefined}
        />
        <div>
          <Button type="submit" kind="danger">
            {texts.action}
          </Button>
        </div>
      </form>
      <EraseDialog
        isOpen={isAsking}
        subject={subject}
        request={{
          ...(kind === 'event' ? { event_id: subject } : { consumer_id: subject }),
          ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
        }}
        onClose={() => setAsking(false)}
      />
      <PastErasures />
    </>
  );
}

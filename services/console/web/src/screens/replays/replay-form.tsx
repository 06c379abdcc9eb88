import { api, dataOf } from '../../api/client.ts';
import { useSession } from '../../app/session-context.ts';
import { CheckField, ChoiceField, LongTextField, TextField } from '../../parts/form/fields.tsx';
import { FoldedFields, Form, FormSection } from '../../parts/form/form.tsx';
import { useForm } from '../../parts/form/use-form.ts';
import { useIntentionKey } from '../../parts/form/use-intention-key.ts';
import { useFilters } from '../../parts/list/filters.ts';
import { replayFilters, targets } from './replay-filters.ts';
import {
  checkReplay,
  localTime,
  type ReplayRequest,
  type ReplayValues,
  replayRequest,
} from './replay-request.ts';
import { texts } from './texts.ts';

type Props = Readonly<{
  values: ReplayValues | undefined;
  /** Called with the id of the dry run. */
  onCounted: (id: string, values: ReplayValues, request: ReplayRequest) => void;
}>;

const hourMs = 3_600_000;
const options = targets.map((value) => ({
  value,
  label: texts.targets[value],
  hint: texts.targets[`${value}Hint`],
}));

/** The first step: what is replayed. It starts a dry run, which only counts. */
export function ReplayForm({ values, onCounted }: Props) {
  const isPartner = useSession().entry === 'portal';
  const [given] = useFilters(replayFilters);
  const keyOf = useIntentionKey();
  const initial: ReplayValues = values ?? {
    target: given.target ?? (given.subscription_id === undefined ? 'missing' : 'subscription'),
    subscription_id: given.subscription_id ?? '',
    from: localTime(new Date(Date.now() - hourMs)),
    ...{ to: '', types: '', filter: '', rate: '', as_new: false, hold_live: false },
  };
  const form = useForm<ReplayValues, string>({
    initial: { values: initial },
    check: (all) => checkReplay(all, texts.faults),
    save: async ({ values: all }) => {
      const request = replayRequest(all);
      const body = { ...request, dry_run: true };
      const params = { header: { 'Idempotency-Key': keyOf(body) } };
      const { id } = await dataOf(api.POST('/v1/webhooks/replays', { params, body }));
      onCounted(id, all, request);
      return id;
    },
  });
  const { target } = form.values;
  return (
    <Form form={form} label={texts.form} action={texts.count} isInDialog>
      {!isPartner && (
        <FormSection title={texts.who}>
          <ChoiceField
            label={texts.what}
            name="target"
            value={target}
            onChange={form.bind('target').onChange}
            options={options}
          />
          {target === 'subscription' && (
            <TextField
              label={texts.subscription}
              placeholder="sub_…"
              isCode
              isRequired
              {...form.bind('subscription_id')}
            />
          )}
        </FormSection>
      )}
      <FormSection title={texts.when} hint={isPartner ? texts.portalWhenHint : texts.whenHint}>
        <TextField label={texts.from} type="datetime-local" width={20} isRequired {...form.bind('from')} />
        <TextField
          label={texts.to}
          hint={texts.toHint}
          type="datetime-local"
          width={20}
          {...form.bind('to')}
        />
      </FormSection>
      <FormSection title={texts.which}>
        <TextField label={texts.types} hint={texts.typesHint} isCode {...form.bind('types')} />
        {!isPartner && (
          <FoldedFields title={texts.more}>
            <LongTextField label={texts.filter} hint={texts.filterHint} isCode {...form.bind('filter')} />
            <TextField
              label={texts.rate}
              hint={texts.rateHint}
              inputMode="numeric"
              width={6}
              {...form.bind('rate')}
            />
            {target !== 'missing' && <CheckField label={texts.asNew} {...form.bind('as_new')} />}
            {target === 'subscription' && <CheckField label={texts.holdLive} {...form.bind('hold_live')} />}
          </FoldedFields>
        )}
      </FormSection>
    </Form>
  );
}

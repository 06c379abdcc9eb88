import { Link, useNavigate } from '@tanstack/react-router';
import { api, dataOf } from '../../api/client.ts';
import type { Faults } from '../../parts/form/faults.ts';
import { ChoiceField, SelectField, TextField } from '../../parts/form/fields.tsx';
import { FoldedFields, Form, FormSection } from '../../parts/form/form.tsx';
import { useIntention } from '../../parts/form/intention.ts';
import { payloadBytesOf, payloadFault } from '../../parts/form/payload-limit.ts';
import { useForm } from '../../parts/form/use-form.ts';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { OptionFields, type Options, optionsOf } from './option-fields.tsx';
import {
  optionFields,
  type ProviderName,
  providerGuides,
  providerLabel,
  providerNames,
} from './providers.ts';
import { texts } from './texts.ts';

const audiences = ['internal', 'broadcast', 'addressed'] as const;
const spools = ['standard', 'on', 'off'] as const;
type SourceForm = Readonly<{
  provider: ProviderName;
  name: string;
  secrets: string;
  audience: (typeof audiences)[number];
  consumer_id: string;
  spool: (typeof spools)[number];
  max_payload_bytes: string;
  options: Options;
}>;
const empty: SourceForm = {
  ...{ provider: 'github', name: '', secrets: '', audience: 'internal', consumer_id: '' },
  ...{ spool: 'standard', max_payload_bytes: '', options: {} },
};

function faultsOf({ name, secrets, audience, consumer_id, max_payload_bytes }: SourceForm): Faults {
  const t = texts.form;
  const limit = payloadFault(max_payload_bytes);
  return new Map([
    ...(name.trim() === '' ? [['name', t.nameMissing] as const] : []),
    ...(secrets === '' ? [['secrets', t.secretMissing] as const] : []),
    ...(audience === 'addressed' && consumer_id.trim() === ''
      ? [['consumer_id', t.consumerMissing] as const]
      : []),
    ...(limit === null ? [] : [['max_payload_bytes', limit] as const]),
  ]);
}

const bodyOf = ({ provider, name, secrets, audience, consumer_id, spool, options, ...form }: SourceForm) => ({
  ...{ provider, name: name.trim(), secrets: [secrets], audience },
  ...(audience === 'addressed' ? { consumer_id: consumer_id.trim() } : {}),
  ...(spool === 'standard' ? {} : { spool: spool === 'on' }),
  ...(form.max_payload_bytes.trim() === ''
    ? {}
    : { max_payload_bytes: payloadBytesOf(form.max_payload_bytes) }),
  options: optionsOf(optionFields[provider] ?? [], options),
});

/** Creates a source; the page of the source then shows the URL for the provider. */
export function Page() {
  const t = texts.form;
  const navigate = useNavigate();
  const intentionOf = useIntention();
  const form = useForm({
    initial: { values: empty },
    check: faultsOf,
    save: async ({ values }) => {
      const params = { header: { 'Idempotency-Key': intentionOf(values).key } };
      return dataOf(api.POST('/v1/webhooks/sources', { params, body: bodyOf(values) }));
    },
    onSaved: ({ id }) => void navigate({ to: '/sources/$id', params: { id } as never }),
  });
  const { provider, audience } = form.values;
  const guide = providerGuides[provider];
  const fields = optionFields[provider] ?? [];
  const options = <OptionFields fields={fields} faultAt={form.faultAt} {...form.bind('options')} />;
  return (
    <>
      <PageHeader title={t.title} above={<Link to="/sources">← {texts.back}</Link>} lead={t.lead} />
      <Form form={form} label={t.title} action={t.save}>
        <FormSection title={t.providerSection}>
          <SelectField
            label={t.provider}
            options={providerNames}
            labelOf={providerLabel}
            hint={`${t.where}: ${guide.where}`}
            {...form.bind('provider')}
          />
          <TextField label={t.name} hint={t.nameHint} isRequired {...form.bind('name')} />
          <TextField
            label={t.secret}
            hint={`${guide.secret} ${t.secretKept}`}
            type="password"
            isCode
            isRequired
            {...form.bind('secrets')}
          />
          {fields.length > 2
            ? options
            : fields.length > 0 && <FoldedFields title={t.options}>{options}</FoldedFields>}
        </FormSection>
        <FormSection title={t.audienceSection}>
          <ChoiceField
            label={t.audience}
            name="audience"
            options={audiences.map((value) => ({
              value,
              label: texts.audiences[value],
              hint: t.audienceHints[value],
            }))}
            value={audience}
            onChange={form.bind('audience').onChange}
          />
          {audience === 'addressed' && (
            <TextField label={t.consumer} isCode isRequired {...form.bind('consumer_id')} />
          )}
          <SelectField
            label={t.spool}
            options={spools}
            labelOf={(one) => t.spools[one]}
            hint={t.spoolHint}
            {...form.bind('spool')}
          />
          <TextField
            label={t.maxPayload}
            hint={t.maxPayloadHint}
            inputMode="numeric"
            width={12}
            {...form.bind('max_payload_bytes')}
          />
        </FormSection>
      </Form>
    </>
  );
}

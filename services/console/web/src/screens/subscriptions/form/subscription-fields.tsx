import type { Schemas } from '../../../api/client.ts';
import { FilterEditor } from '../../../parts/filter-editor/filter-editor.tsx';
import { pointerSegment } from '../../../parts/form/faults.ts';
import fieldStyles from '../../../parts/form/field.module.css';
import { ChoiceField, LongTextField, SelectField, TextField } from '../../../parts/form/fields.tsx';
import { FieldRow, FoldedFields, FormSection } from '../../../parts/form/form.tsx';
import { KeyValueEditor } from '../../../parts/form/key-value-editor.tsx';
import { EventPicker } from './event-picker.tsx';
import { fieldTexts } from './field-texts.ts';
import type { SubscriptionForm } from './subscription-form.ts';
import { TlsFields } from './tls-fields.tsx';
import { schedules } from './values.ts';

const t = fieldTexts;
const styles = ['v1', 'v1a', 'plain'] as const;
const formats = ['standard', 'plain', 'cloudevents', 'cloudevents-binary'] as const;
const largeForms = ['full', 'reference', 'skip'] as const;
const orderings = ['none', 'key', 'subscription'] as const;
const exhausted = ['skip', 'block'] as const;
const verifications = ['none', 'ping', 'challenge'] as const;

type FieldsProps = Readonly<{ form: SubscriptionForm }>;

/** The events of a subscription and the condition on their data. */
export function EventFields({ form }: FieldsProps) {
  return (
    <>
      <FormSection title={t.events} hint={t.eventsHint}>
        <EventPicker {...form.bind('events')} />
      </FormSection>
      <FormSection title={t.filter} hint={t.filterHint}>
        <FilterEditor {...form.bind('filters')} eventTypes={form.values.events} />
      </FormSection>
    </>
  );
}

type SignatureProps = FieldsProps & Readonly<{ current?: Schemas['Subscription']['signature_style'] }>;

/** The signature of requests, and their body. `current`: the style of a subscription that exists already. */
function SignatureFields({ form, current }: SignatureProps) {
  const { value, onChange } = form.bind('signature_style');
  const format = form.bind('format');
  // A pair of keys cannot sign in the other styles, nor a secret in this one.
  const offered =
    current === undefined ? styles : styles.filter((one) => (one === 'v1a') === (current === 'v1a'));
  return (
    <>
      <ChoiceField
        label={t.signature}
        name="signature"
        value={value}
        onChange={onChange}
        options={offered.map((one) => ({ value: one, ...t.signatures[one] }))}
      />
      {current !== undefined && <p className={fieldStyles.hint}>{t.fixedSignature}</p>}
      <SelectField label={t.format} {...format} options={formats} labelOf={(one) => t.formats[one]} />
      <SelectField
        label={t.largePayloads}
        {...form.bind('large_payloads')}
        options={largeForms}
        labelOf={(one) => t.largeForms[one]}
      />
    </>
  );
}

/** The headers that are added to each request. */
function HeaderFields({ form }: FieldsProps) {
  const { value, onChange } = form.bind('headers');
  const known = (name: string) => value.some((row) => row.name === name);
  const general = form.faultAt('headers');
  // A fault of one header is shown at its row.
  const isOfRow = value.some(({ name }) => form.faultAt(`headers/${pointerSegment(name)}`) !== undefined);
  return (
    <KeyValueEditor
      label={t.headersLabel}
      hint={t.headersNote}
      rows={value}
      onChange={onChange}
      canBeSecret
      nameLabel={t.header}
      addLabel={t.addHeader}
      error={isOfRow ? undefined : general}
      faultOf={({ name, isSecret }) =>
        known(name)
          ? form.faultAt(`${isSecret ? 'secret_headers' : 'headers'}/${pointerSegment(name)}`)
          : undefined
      }
    />
  );
}

/** The order, the retries and the limits of deliveries. */
function DeliveryFields({ form }: FieldsProps) {
  const { ordering, schedule } = form.values;
  const rate = form.bind('rate_limit');
  const rateFault = (name: 'per_second' | 'burst') => form.faultAt(`rate_limit/${name}`);
  return (
    <>
      <SelectField
        label={t.schedule}
        {...form.bind('schedule')}
        options={schedules}
        labelOf={(one) => t.schedules[one]}
      />
      {schedule === 'custom' && (
        <TextField label={t.retries} hint={t.retriesHint} isCode {...form.bind('retry_schedule')} />
      )}
      <SelectField
        label={t.ordering}
        {...form.bind('ordering')}
        options={orderings}
        labelOf={(one) => t.orderings[one]}
      />
      {ordering !== 'none' && (
        <SelectField
          label={t.onExhausted}
          {...form.bind('on_exhausted')}
          options={exhausted}
          labelOf={(one) => t.exhausted[one]}
        />
      )}
      <FieldRow>
        <TextField
          label={t.timeout}
          hint={t.timeoutHint}
          inputMode="numeric"
          {...form.bind('timeout_seconds')}
        />
        <TextField
          label={t.inFlight}
          hint={t.inFlightHint}
          inputMode="numeric"
          {...form.bind('max_in_flight')}
        />
      </FieldRow>
      <FieldRow>
        <TextField
          label={t.perSecond}
          hint={t.perSecondHint}
          inputMode="decimal"
          value={rate.value.per_second}
          error={rateFault('per_second')}
          onChange={(per_second) => rate.onChange({ ...rate.value, per_second })}
        />
        <TextField
          label={t.burst}
          hint={t.burstHint}
          inputMode="numeric"
          value={rate.value.burst}
          error={rateFault('burst')}
          onChange={(burst) => rate.onChange({ ...rate.value, burst })}
        />
      </FieldRow>
    </>
  );
}

type AdvancedProps = SignatureProps & Readonly<{ stored: Schemas['Subscription']['tls'] }>;

/** The settings that most subscriptions leave as they are. */
export function AdvancedFields({ form, current, stored }: AdvancedProps) {
  return (
    <>
      <FormSection title={t.signing} hint={t.signingHint}>
        <SignatureFields form={form} {...(current === undefined ? {} : { current })} />
      </FormSection>
      <FormSection title={t.headers} hint={t.headersHint}>
        <HeaderFields form={form} />
      </FormSection>
      <FormSection title={t.delivery} hint={t.deliveryHint}>
        <DeliveryFields form={form} />
      </FormSection>
      <FoldedFields title={t.tls}>
        <TlsFields form={form} stored={stored} />
      </FoldedFields>
    </>
  );
}

/** The URL, whether it is checked before it is saved, and a description. */
export function EndpointFields({ form, children }: FieldsProps & Readonly<{ children?: React.ReactNode }>) {
  return (
    <FormSection title={t.endpoint} hint={t.endpointHint}>
      <TextField
        label={t.url}
        hint={t.urlHint}
        placeholder="https://"
        inputMode="url"
        isRequired
        isCode
        {...form.bind('endpoint_url')}
      />
      <LongTextField label={t.description} rows={2} {...form.bind('description')} />
      {children}
      <SelectField
        label={t.verify}
        {...form.bind('verify')}
        options={verifications}
        labelOf={(one) => t.verifications[one]}
      />
    </FormSection>
  );
}

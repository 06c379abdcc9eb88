import type { Schemas } from '../../../api/client.ts';
import fieldStyles from '../../../parts/form/field.module.css';
import { CheckField, LongTextField } from '../../../parts/form/fields.tsx';
import { Certificates } from '../detail/certificates.tsx';
import { fieldTexts } from './field-texts.ts';
import type { SubscriptionForm } from './subscription-form.ts';

const t = fieldTexts;
const placeholder = '-----BEGIN CERTIFICATE-----';

type Props = Readonly<{ form: SubscriptionForm; stored: Schemas['Subscription']['tls'] }>;

/** New certificates. Those that are stored are shown by fingerprint, and can be replaced or removed. */
export function TlsFields({ form, stored }: Props) {
  const { value, onChange } = form.bind('tls');
  const part = (name: 'ca' | 'certificate' | 'key') => ({
    value: value[name],
    error: form.faultAt(`tls/${name}`),
    onChange: (text: string) => onChange({ ...value, [name]: text }),
  });
  return (
    <>
      <p className={fieldStyles.hint}>{t.tlsHint}</p>
      {stored !== null && (
        <>
          <div>
            <strong>{t.tlsStored}</strong>
            <Certificates certificates={[...stored.ca, ...stored.certificate]} />
          </div>
          <CheckField
            label={t.tlsRemove}
            error={undefined}
            value={value.isRemoved}
            onChange={(isRemoved) => onChange({ ...value, isRemoved })}
          />
        </>
      )}
      {!value.isRemoved && (
        <>
          <LongTextField label={t.ca} isCode placeholder={placeholder} {...part('ca')} />
          <LongTextField label={t.certificate} isCode placeholder={placeholder} {...part('certificate')} />
          <LongTextField
            label={t.key}
            hint={t.keyHint}
            isCode
            placeholder="-----BEGIN PRIVATE KEY-----"
            {...part('key')}
          />
        </>
      )}
    </>
  );
}

import { useState } from 'react';
import { Field } from '../../parts/form/field.tsx';
import type { Bound } from '../../parts/form/use-form.ts';
import { Button } from '../../parts/page/button.tsx';
import styles from './logo-field.module.css';
import { texts } from './texts.ts';

const maxBytes = 16_384;

/** A small image, which is read to a `data:` URL here: nothing is uploaded but with the form. */
export function LogoField({ value, onChange, error }: Bound<string>) {
  const [fault, setFault] = useState<string>();
  const read = async (file: File | undefined) => {
    if (file === undefined) return;
    setFault(file.size > maxBytes ? texts.logoTooLarge(file.size) : undefined);
    if (file.size <= maxBytes) onChange(await dataUrlOf(file));
  };
  return (
    <div className={styles.logo}>
      <Field label={texts.logo} hint={texts.logoHint} error={fault ?? error}>
        {(props) => (
          <input
            {...props}
            type="file"
            accept="image/png,image/jpeg,image/webp"
            onChange={(event) => void read(event.target.files?.[0])}
          />
        )}
      </Field>
      {value !== '' && (
        <div className={styles.shown}>
          <img src={value} alt={texts.logoAlt} height={32} />
          <Button size="small" onClick={() => onChange('')}>
            {texts.logoRemove}
          </Button>
        </div>
      )}
    </div>
  );
}

const dataUrlOf = async (file: File): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error('The file could not be read.'));
    reader.readAsDataURL(file);
  });

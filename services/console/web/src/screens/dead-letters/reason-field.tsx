import { TextField } from '../../parts/form/fields.tsx';
import { texts } from './texts.ts';

type Props = Readonly<{ value: string; onChange: (value: string) => void }>;

/** The reason of a discard, which stays with the dead letter. */
export const ReasonField = ({ value, onChange }: Props) => (
  <TextField
    label={texts.because}
    hint={texts.becauseHint}
    value={value}
    onChange={onChange}
    error={undefined}
    isRequired
  />
);

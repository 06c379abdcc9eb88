import { catalogue } from '../../texts/index.ts';

const texts = catalogue({
  en: {
    wrong: (value: string) => `must be a whole number from 1,024 to 26,214,400, got '${value}'`,
  },
});

const [min, max] = [1_024, 26_214_400];

/** Returns the fault of a largest size in a form; null if it is right or empty. */
export function payloadFault(text: string): string | null {
  const bytes = payloadBytesOf(text);
  const isRight = bytes === null || (Number.isInteger(bytes) && bytes >= min && bytes <= max);
  return isRight ? null : texts.wrong(text.trim());
}

/** Returns the bytes of a largest size in a form; null if it is empty: no own limit. */
export const payloadBytesOf = (text: string): number | null => (text.trim() === '' ? null : Number(text));

import type { Schemas } from '../../api/client.ts';
import { texts } from './exchange-texts.ts';

type Delivery = Pick<Schemas['Delivery'], 'status' | 'status_reason' | 'last_reason' | 'last_status_code'>;

/** Returns why a delivery has not arrived, in sentences: the last failure, and why no attempt follows. Empty if it has. */
export function failureWords({
  status,
  status_reason,
  last_reason,
  last_status_code,
}: Delivery): readonly string[] {
  if (status === 'delivered') return [];
  const failure = last_reason === null ? undefined : reasonWords(last_reason, last_status_code);
  const end = status_reason === null ? undefined : reasonWords(status_reason, last_status_code);
  return [...new Set([failure, end].filter((sentence) => sentence !== undefined))];
}

/** Returns the last answer of an endpoint for a column: `503`, `timed out`, `429 · asked for a pause`. */
export function answerWords(status: number | null, reason: string | null): string {
  const known = reason === null ? undefined : texts.answers[reason];
  if (status === null) return known ?? reason ?? texts.noAnswer;
  return known === undefined ? String(status) : `${status} · ${known}`;
}

/** Returns a reason of the API in a sentence; the reason itself if it is a newer one. */
export const reasonWords = (reason: string, status: number | null): string =>
  texts.failures[reason]?.(status) ?? texts.ended[reason] ?? reason;

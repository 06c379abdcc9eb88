import { useCallback, useRef } from 'react';

/**
 * Returns a function that gives the Idempotency-Key for a body: the same one for the same body, so that a repeat after an
 * error does it once, and another one for a body that was corrected.
 */
export function useIntentionKey(): (body: object) => string {
  const last = useRef({ text: '', key: '' });
  return useCallback((body) => {
    const text = JSON.stringify(body);
    if (last.current.text !== text) last.current = { text, key: crypto.randomUUID() };
    return last.current.key;
  }, []);
}

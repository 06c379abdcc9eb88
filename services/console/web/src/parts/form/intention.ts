import { useCallback, useRef } from 'react';

/** One intention: the `Idempotency-Key` of its requests, and when it was first sent. */
export type Intention = Readonly<{ key: string; beganMs: number }>;

/**
 * Returns a function that gives the intention of what a form asks for: the same for the same values, so that a repeat
 * after an error creates nothing twice, and a new one as soon as somebody changes them.
 */
export function useIntention(): (values: unknown) => Intention {
  const last = useRef({ text: '', intention: { key: '', beganMs: 0 } });
  return useCallback((values) => {
    const text = JSON.stringify(values);
    if (last.current.text !== text)
      last.current = { text, intention: { key: crypto.randomUUID(), beganMs: Date.now() } };
    return last.current.intention;
  }, []);
}

import { useEffect } from 'react';
import { reportSignedOut } from '../api/connection.ts';
import { isFramed, tellParent } from './portal/framed-token.ts';
import { endOf, type Session } from './session.ts';

/** Time before the end of a token at which the page around the portal is asked for another one. */
const noticeMs = 60_000;
// Browsers turn longer delays into none.
const longestTimerMs = 2_147_483_647;

/** Ends the session of the page at its time, and asks for another token before. */
export function useSessionEnd(session: Session | null): void {
  useEffect(() => {
    if (session === null) return;
    const leftMs = endOf(session) - Date.now();
    if (!Number.isFinite(leftMs) || leftMs > longestTimerMs) return;
    const end = setTimeout(reportSignedOut, Math.max(0, leftMs));
    // Of a token that lasts less than two minutes, half of its time is enough.
    const askMs = Math.max(leftMs - noticeMs, leftMs / 2);
    const ask = isFramed ? setTimeout(() => tellParent('token-expiring'), Math.max(0, askMs)) : undefined;
    return () => {
      clearTimeout(end);
      clearTimeout(ask);
    };
  }, [session]);
}

import { useCallback, useEffect, useRef, useState } from 'react';
import { refusal } from '../../api/connection.ts';
import { followStream } from '../../api/live-stream.ts';
import { emptyView, TailBuffer, type TailView } from './tail-buffer.ts';

/** Number of messages that are shown. */
export const maxRows = 1_000;

// Four times a second looks immediate; each message for itself would render hundreds of times a second.
const renderMs = 250;

/** Position of a tail when its session ended. An id holds positions only: it shows nothing to whoever signs in next. */
let endedAt: Readonly<{ query: string; lastId: string | undefined }> | null = null;

/** A tail: what it shows, whether its stream is open, and why it is not. */
export type Tail = Readonly<{
  view: TailView;
  state: 'connecting' | 'open' | 'interrupted';
  /** Time at which the service was last heard: a message, or a heartbeat of it; null if it was not. */
  heardMs: number | null;
  error: unknown;
  clear: () => void;
  retry: () => void;
}>;

/** Follows the stream with these filters. While `isHeld`, what is shown stays as it is. */
export function useTail(query: Readonly<Record<string, string>>, isHeld: boolean): Tail {
  const [view, setView] = useState<TailView>(emptyView);
  const [state, setState] = useState<Tail['state']>('connecting');
  const [error, setError] = useState<unknown>(null);
  const [heardMs, setHeardMs] = useState<number | null>(null);
  const [run, setRun] = useState(0);
  const buffer = useRef(new TailBuffer(maxRows));
  const queryText = JSON.stringify(query);
  useEffect(() => buffer.current.hold(isHeld), [isHeld]);
  useEffect(() => {
    const tail = buffer.current;
    tail.clear();
    setView(emptyView);
    setState('connecting');
    setError(null);
    const stream = new AbortController();
    let lastId = endedAt?.query === queryText ? endedAt.lastId : undefined;
    endedAt = null;
    let lastHeardMs: number | null = null;
    const timer = setInterval(() => {
      setView(tail.view());
      setHeardMs(lastHeardMs);
    }, renderMs);
    followStream({
      query: JSON.parse(queryText) as Record<string, string>,
      signal: stream.signal,
      lastId,
      onMessage: (message) => {
        lastHeardMs = Date.now();
        tail.add(message);
      },
      onId: (id) => {
        lastId = id;
      },
      onState: (isOpen) => setState(isOpen ? 'open' : 'interrupted'),
    }).catch((failed: unknown) => setError(failed));
    return () => {
      clearInterval(timer);
      stream.abort();
      // Run once more when a person signs in again, who then gets what has happened meanwhile.
      if (refusal.get()) endedAt = { query: queryText, lastId };
    };
  }, [queryText, run]);
  const clear = useCallback(() => {
    buffer.current.clear();
    setView(emptyView);
  }, []);
  return { view, state, heardMs, error, clear, retry: () => setRun(run + 1) };
}

import { useState } from 'react';

/** The first steps as the browser remembers them: ids of events, and whether somebody has put them aside. */
export type Progress = Readonly<{
  /** The subscription that they are of: another one begins anew. */
  subscriptionId: string;
  firstEvent?: string;
  secondEvent?: string;
  isAside?: boolean;
}>;

const key = 'tidings-first-steps';

function read(subscriptionId: string): Progress {
  try {
    const stored = JSON.parse(localStorage.getItem(key) ?? 'null') as Partial<Progress> | null;
    if (stored?.subscriptionId === subscriptionId) return { ...stored, subscriptionId };
  } catch {
    // Nothing is remembered: the browser keeps nothing for this page, or something else has written there.
  }
  return { subscriptionId };
}

/** Returns the progress, and functions that add to it and begin anew. */
export function useProgress(subscriptionId: string) {
  const [progress, setProgress] = useState(() => read(subscriptionId));
  const keep = (next: Progress) => {
    setProgress(next);
    try {
      localStorage.setItem(key, JSON.stringify(next));
    } catch {
      // It is lost with the page.
    }
  };
  return {
    progress,
    add: (change: Partial<Progress>) => keep({ ...progress, ...change }),
    restart: () => keep({ subscriptionId }),
  };
}

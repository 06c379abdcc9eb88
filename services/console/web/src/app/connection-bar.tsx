import { useEffect, useState, useSyncExternalStore } from 'react';
import { reachability } from '../api/connection.ts';
import { texts } from '../texts/index.ts';
import styles from './connection-bar.module.css';

/** Says that what the page shows may be out of date. */
export function ConnectionBar() {
  const isReachable = useSyncExternalStore(reachability.subscribe, reachability.get);
  const [isOnline, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const update = () => setOnline(navigator.onLine);
    addEventListener('online', update);
    addEventListener('offline', update);
    return () => {
      removeEventListener('online', update);
      removeEventListener('offline', update);
    };
  }, []);
  const message = !isOnline ? texts.offline : !isReachable ? texts.unreachable : null;
  return <div role="status">{message !== null && <p className={styles.bar}>{message}</p>}</div>;
}

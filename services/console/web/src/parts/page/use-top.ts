import { useEffect } from 'react';

/** Scrolls to the top of the page when what it shows gives way to something else, such as a form to what it made. */
export function useTop(isShown: boolean): void {
  useEffect(() => {
    if (isShown) scrollTo({ top: 0 });
  }, [isShown]);
}

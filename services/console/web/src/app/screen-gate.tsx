import type { ReactNode } from 'react';
import { NotAllowed } from '../parts/page/states.tsx';
import { useMay } from './session-context.ts';

/** Shows a page, or that the key may not see it. The API decides; this saves a request that it would refuse. */
export function ScreenGate({
  scope,
  children,
}: Readonly<{ scope: string | undefined; children: ReactNode }>) {
  const may = useMay(scope ?? 'admin');
  return scope === undefined || may ? children : <NotAllowed scope={scope} />;
}

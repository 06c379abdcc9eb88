import { Link } from '@tanstack/react-router';
import { Notice } from '../parts/states.tsx';
import { texts } from '../texts/index.ts';

/** Shown for an address that no page has. */
export function NotFound() {
  return (
    <Notice title={texts.notFound.title} hint={texts.notFound.hint} isPage>
      <Link to="/">{texts.notFound.home}</Link>
    </Notice>
  );
}

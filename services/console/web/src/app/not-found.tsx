import { Link } from '@tanstack/react-router';
import { Notice } from '../parts/page/states.tsx';
import { texts } from '../texts/index.ts';

/** Shown for an address that no page has. */
export function NotFound() {
  return (
    <Notice title={texts.notFound.title} hint={texts.notFound.hint} isPage>
      <Link to="/">{texts.notFound.home}</Link>
    </Notice>
  );
}

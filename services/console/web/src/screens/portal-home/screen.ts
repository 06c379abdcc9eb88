import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';

/** The start page of the portal: the state of a partner's endpoints, what fails, and how to begin. */
export const screen = defineScreen({
  entries: ['portal'],
  nav: { label: catalogue({ en: 'Home' }), group: 'traffic', order: 0 },
  pages: [{ path: '/', load: () => import('./portal-home.tsx') }],
});

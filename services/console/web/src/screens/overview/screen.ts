import { defineScreen } from '../../app/define-screen.ts';
import { catalogue } from '../../texts/index.ts';

/** The state of the workspace and, for operators of the installation, of the pipeline. */
export const screen = defineScreen({
  entries: ['operator'],
  nav: { label: catalogue({ en: 'Overview' }), group: 'traffic', order: 0 },
  pages: [{ path: '/', load: () => import('./overview.tsx') }],
});

import { catalogue } from '../../texts/index.ts';

/** The texts of the workspaces. */
export const texts = catalogue({
  en: {
    title: 'All workspaces',
    lead: 'The tenants of this installation. Nothing of one is visible from another.',
    emptyTitle: 'No workspaces',
    emptyHint: 'Create one for each product or team that publishes events.',
    noMatchTitle: 'No workspace matches the filters',
    noMatchHint: 'Clear a filter.',
    create: 'Create workspace',
    columns: {
      name: 'Workspace',
      id: 'Id',
      state: 'State',
      policy: 'Event types',
      subscriptions: 'Most subscriptions',
      retention: 'History',
      created: 'Created',
    },
    filters: { state: 'State' },
    states: { active: 'Active', disabled: 'Disabled' },
    policies: { strict: 'registered', open: 'any' },
    fromInstallation: 'default',
    days: (days: number) => (days === 1 ? '1 day' : `${days.toLocaleString()} days`),
    back: 'All workspaces',
    form: {
      title: 'Create a workspace',
      lead: 'A tenant of its own: events, subscriptions, keys and history that no other workspace sees. It begins without a key: the next step makes its first.',
      section: 'The workspace',
      id: 'Id',
      idHint: 'Such as ws_shop. It cannot be changed later.',
      idMissing: 'Enter an id.',
      name: 'Name',
      nameHint: 'For people. Empty: the id.',
      policy: 'Event types and consumers',
      policies: { strict: 'Only registered ones', open: 'Any' },
      policyHint:
        'Open accepts event types and consumers that nobody has registered. Convenient for a trial.',
      submit: 'Create workspace',
    },
  },
});

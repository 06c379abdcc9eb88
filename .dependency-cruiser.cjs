// A service may group its code by idea: each group then has its own domain and adapters.
const inGroups = (folder) => [`^services/[^/]+/src/${folder}/`, `^services/[^/]+/src/[^/]+/${folder}/`];
const domains = inGroups('domain');
const adapters = inGroups('adapters');

const adaptersOnly = (library, home) => ({
  name: `${library}-only-in-adapters`,
  severity: 'error',
  comment: `${library} is known to adapters and to the package that wraps it.`,
  from: {
    path: '^(packages|services)/',
    pathNot: [
      `^packages/${home}/`,
      ...adapters,
      '^services/[^/]+/test/',
      '^packages/sdk/src/.*\\.test\\.ts$',
    ],
  },
  to: { path: `node_modules/(@types/)?${library}/` },
});

// A folder of a package may import itself and the layers below it.
const layerOf = (home, folder, below) => ({
  name: `${home}-${folder}-imports-lower-layers-only`,
  severity: 'error',
  from: { path: `^packages/${home}/src/${folder}/`, pathNot: '\\.test\\.ts$' },
  to: {
    path: `^packages/${home}/src/`,
    pathNot: `^packages/${home}/src/(${[folder, ...below].map((layer) => layer.replace('.', '\\.')).join('|')})`,
  },
});

module.exports = {
  forbidden: [
    {
      name: 'domain-is-pure',
      severity: 'error',
      from: { path: domains, pathNot: '\\.test\\.ts$' },
      to: { path: '^services/[^/]+/src/', pathNot: domains },
    },
    {
      name: 'domain-no-io',
      severity: 'error',
      from: { path: domains, pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core', 'npm'], pathNot: '^(node:)?crypto$' },
    },
    {
      name: 'domain-knows-pure-packages-only',
      severity: 'error',
      from: { path: domains, pathNot: '\\.test\\.ts$' },
      to: { path: '^packages/', pathNot: '^packages/(contracts|json|queues)/' },
    },
    {
      name: 'services-are-strangers',
      severity: 'error',
      comment: 'Only services/server, the program that runs them, imports services.',
      from: { path: '^services/([^/]+)/', pathNot: '^services/server/' },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'subscriptions-do-not-import-endpoint-health',
      severity: 'error',
      comment: 'Endpoint health changes subscriptions; subscriptions read it through their ports.',
      from: { path: '^services/subscription/src/subscriptions/' },
      to: { path: '^services/subscription/src/endpoint-health/' },
    },
    {
      name: 'console-screens-are-strangers',
      severity: 'error',
      comment: 'A screen is a folder of its own: what two of them need is in parts/ or app/.',
      from: { path: '^services/console/web/src/screens/([^/]+)/' },
      to: { path: '^services/console/web/src/screens/', pathNot: '^services/console/web/src/screens/$1/' },
    },
    {
      name: 'console-parts-know-no-screen',
      severity: 'error',
      from: { path: '^services/console/web/src/(parts|api|app|texts)/' },
      to: { path: '^services/console/web/src/screens/' },
    },
    {
      name: 'console-web-knows-the-api-only',
      severity: 'error',
      comment: 'The browser application uses nothing but the public API, typed from its description.',
      from: { path: '^services/console/web/' },
      to: { path: '^(packages|services)/', pathNot: '^services/console/web/' },
    },
    {
      name: 'packages-know-no-service',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^services/' },
    },
    {
      name: 'only-kafka-package-imports-kafkajs',
      severity: 'error',
      from: { pathNot: '^packages/kafka/' },
      to: { path: 'node_modules/kafkajs' },
    },
    {
      name: 'chains-domain-is-pure',
      severity: 'error',
      from: { path: '^packages/chains/src/domain/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: '^packages/(chains/src/domain|contracts)/' },
    },
    {
      name: 'signing-has-no-dependencies',
      severity: 'error',
      from: { path: '^packages/signing/', pathNot: '\\.test\\.ts$' },
      to: { pathNot: '^(packages/signing/|(node:)?crypto$)' },
    },
    layerOf('egress', 'policy', ['failure.ts']),
    layerOf('egress', 'response', []),
    layerOf('egress', 'dns', ['policy']),
    layerOf('egress', 'connection', ['failure.ts', 'policy', 'response']),
    layerOf('egress', 'exchange', ['failure.ts', 'policy', 'response', 'dns', 'connection']),
    adaptersOnly('mongoose', 'mongodb'),
    adaptersOnly('axios', 'egress'),
    adaptersOnly('undici', 'egress'),
    adaptersOnly('express', 'http'),
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@tidings/source', 'import', 'node', 'default'],
    },
  },
};

import { runBuilt } from './run-built.mjs';

// `npm run bench` and every `bench:…` of package.json: installs and builds what has changed, then runs the benchmark named by the
// first argument.
const [name = 'main', ...args] = process.argv.slice(2);
await runBuilt(`bench/dist/${name}.js`, args);

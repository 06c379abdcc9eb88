import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

// Bundles the compiled program of the services, and the local stack that starts it, to services/server/dist, for
// `npm start`: Node spends most of a start on finding and reading some 1,500 files one by one.
const root = fileURLToPath(new URL('../../', import.meta.url));
const target = join(root, 'services/server/dist');
// Each file gets its place in one step: another stack may be starting from it.
const fresh = join(target, `bundling-${process.pid}`);
const { build } = await import(
  pathToFileURL(createRequire(join(root, 'services/console/web/')).resolve('vite')).href
);

/** Stay files of their own: native code, what is rarely loaded, and what tests and benchmarks observe. */
const external = [
  'kafkajs',
  'mongoose',
  'mongodb',
  'lz4-napi',
  '@aws-sdk/client-s3',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/sdk-node',
  'typescript',
  'tsx',
];

const inPlace = {
  name: 'tidings-in-place',
  enforce: 'pre',
  resolveId(id, importer) {
    const isExternal = external.some((name) => id === name || id.startsWith(`${name}/`));
    if (!isExternal || importer === undefined) return null;
    return { id: pathToFileURL(createRequire(importer).resolve(id)).href, external: true };
  },
  // Files that a module finds beside itself stay where they are.
  transform(code, id) {
    if (!code.includes('import.meta.url') || id.includes('node_modules')) return null;
    return { code: code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href)), map: null };
  },
};

const { output } = await build({
  configFile: false,
  root,
  logLevel: 'warn',
  plugins: [inPlace],
  ssr: { noExternal: true, target: 'node' },
  build: {
    ssr: true,
    target: 'node20',
    outDir: fresh,
    emptyOutDir: false,
    rollupOptions: {
      input: {
        server: join(target, 'src/main.js'),
        'local-stack': join(root, 'packages/local-stack/dist/index.js'),
      },
      output: { entryFileNames: '[name].mjs', chunkFileNames: 'chunks/[name]-[hash].mjs' },
    },
  },
});

const made = output.map(({ fileName }) => fileName);
const isChunk = (name) => name.startsWith('chunks/');
mkdirSync(join(target, 'chunks'), { recursive: true });
for (const name of [...made.filter(isChunk), ...made.filter((name) => !isChunk(name))])
  renameSync(join(fresh, name), join(target, name));
rmSync(fresh, { recursive: true });
for (const name of readdirSync(join(target, 'chunks')))
  if (!made.includes(`chunks/${name}`)) rmSync(join(target, 'chunks', name), { force: true });

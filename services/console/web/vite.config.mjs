import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const folder = fileURLToPath(new URL('.', import.meta.url));
const compressed = new Set(['.html', '.js', '.css', '.svg']);

/**
 * Writes `.br` and `.gz` beside each file, so that the console compresses nothing while it serves.
 * @type {import('vite').Plugin}
 */
const compressing = {
  name: 'tidings-compress',
  apply: 'build',
  writeBundle({ dir: dist }) {
    for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
      if (!compressed.has(extname(name))) continue;
      const bytes = readFileSync(join(dist, name));
      writeFileSync(join(dist, `${name}.br`), brotliCompressSync(bytes));
      writeFileSync(join(dist, `${name}.gz`), gzipSync(bytes, { level: 9 }));
    }
  },
};

/** The console that `npm run dev` of this package passes requests on to. */
const target = process.env['CONSOLE_URL'] ?? 'http://127.0.0.1:8080';
const forwarded = Object.fromEntries(
  ['/v1', '/session'].map((path) => [path, { target, changeOrigin: false }]),
);

export default defineConfig({
  root: folder,
  plugins: [react(), compressing],
  build: {
    target: ['chrome123', 'firefox120', 'safari17.5'],
    manifest: 'manifest.json',
    // A data URL in place of a file would need `data:` in more of the policy.
    assetsInlineLimit: 0,
    rollupOptions: { input: { operator: join(folder, 'index.html'), portal: join(folder, 'portal.html') } },
  },
  server: { proxy: forwarded },
});

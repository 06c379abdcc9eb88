import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

// Bundles the browser application of the console to services/console/web/dist, from files of this machine only.
const folder = fileURLToPath(new URL('../../services/console/web/', import.meta.url));
const { build } = await import(pathToFileURL(createRequire(folder).resolve('vite')).href);
await build({ configFile: join(folder, 'vite.config.mjs'), logLevel: 'warn' });

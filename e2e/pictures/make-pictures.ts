import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startChromium } from '@tidings/testing/browser';
import type { Browser, Page } from 'playwright-core';
import { Caller } from '../harness/caller.ts';
import { type LocalStack, startTidings } from '../harness/tidings.ts';
import { type Seeded, seedPictures } from './seed-pictures.ts';

const help = `npm run docs:pictures -- [options]
Starts a stack, fills it through the API, and writes small pictures of the main screens to docs/pictures.
  --out DIR      where to write them (default docs/pictures)
  --data DIR     use the running stack of this data folder
  --only NAME    only the pictures whose names begin so
  --everything   each page in both sizes and both colour schemes, as PNG, to look at them`;

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: fileURLToPath(new URL('../../docs/pictures', import.meta.url)) },
    data: { type: 'string' },
    only: { type: 'string', default: '' },
    everything: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const maxBytes = 60 * 1_024;
const wide = { width: 1_280, height: 800 };
const narrow = { width: 390, height: 844 };

type Shot = Readonly<{
  name: string;
  path: string;
  /** A text that is there once the page has its data. */
  ready: string;
  scheme?: 'light' | 'dark';
  /** Does something on the page before the picture is taken. */
  act?: (page: Page) => Promise<void>;
}>;

async function shotsOf({ local, token, failedRun }: Seeded): Promise<readonly Shot[]> {
  const shop = new Caller(local.url, local.admin_key);
  const one = async (path: string) => shop.list(path, 1).then(([first]) => first);
  const failing = await one('/webhooks/deliveries?status=retrying');
  const { event_id, subscription_id } = failing as unknown as Readonly<Record<string, string>>;
  const change = await one('/webhooks/audit-log?kind=consumer');
  const all: readonly Shot[] = [
    { name: 'overview', path: '/', ready: 'Attempts by minute' },
    { name: 'deliveries', path: '/deliveries', ready: 'order.paid', scheme: 'dark' },
    { name: 'event', path: `/events/${event_id}`, ready: 'Where it went' },
    { name: 'delivery', path: `/deliveries/${failing?.id}`, ready: 'Attempts' },
    { name: 'runs', path: '/runs', ready: '2 succeeded, 1 failed' },
    { name: 'run', path: `/runs/${failedRun}`, ready: 'failed for good', scheme: 'dark' },
    { name: 'undelivered', path: '/undelivered', ready: 'Show them' },
    {
      name: 'subscription',
      path: `/subscriptions/${subscription_id}`,
      ready: 'Recent deliveries',
      scheme: 'dark',
    },
    { name: 'audit-entry', path: `/audit-log/${change?.id}`, ready: 'noc@acme.example' },
    // Signs the page in to the portal too.
    { name: 'portal', path: `/portal#token=${token}`, ready: 'Attempts by hour' },
  ];
  return all.filter(({ name }) => name.startsWith(values.only));
}

async function openPage(browser: Browser, { local }: Seeded): Promise<Page> {
  const context = await browser.newContext({ viewport: wide, reducedMotion: 'reduce', locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(local.url);
  await page.getByLabel('API key').fill(local.admin_key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation').waitFor({ state: 'attached' });
  return page;
}

/** Returns a picture of the page as WebP, which Chromium makes itself; of less quality until it is small enough. */
async function smallPicture(page: Page): Promise<Buffer> {
  const png = (await page.screenshot()).toString('base64');
  for (const quality of [0.82, 0.6, 0.4]) {
    const encoded = await page.evaluate(toWebp, { png, quality });
    const bytes = Buffer.from(encoded, 'base64');
    if (bytes.length <= maxBytes) return bytes;
  }
  throw new Error(`a picture has more than ${maxBytes} bytes even at low quality`);
}

/** Runs in the page. The functions of the browser are not among the types of Node. */
const toWebp = async ({ png, quality }: { png: string; quality: number }): Promise<string> => {
  const { createImageBitmap, OffscreenCanvas, atob, btoa } = globalThis as unknown as BrowserParts;
  const bytes = Uint8Array.from(atob(png), (one) => one.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext('2d').drawImage(image, 0, 0);
  const webp = await canvas.convertToBlob({ type: 'image/webp', quality });
  const made = new Uint8Array(await webp.arrayBuffer());
  let text = '';
  for (const one of made) text += String.fromCharCode(one);
  return btoa(text);
};

type Canvas = Readonly<{
  getContext: (kind: '2d') => { drawImage: (image: unknown, x: number, y: number) => void };
  convertToBlob: (options: { type: string; quality: number }) => Promise<Blob>;
}>;
type BrowserParts = Readonly<{
  createImageBitmap: (blob: Blob) => Promise<{ width: number; height: number }>;
  OffscreenCanvas: new (width: number, height: number) => Canvas;
  atob: (text: string) => string;
  btoa: (text: string) => string;
}>;

async function open(page: Page, { path, ready, scheme = 'light', act }: Shot, url: string): Promise<void> {
  await page.setViewportSize(wide);
  await page.emulateMedia({ colorScheme: scheme });
  await page.goto(url + path);
  await page.getByText(ready).first().waitFor();
  // Names and other parts of the page come by requests of their own.
  await page.waitForLoadState('networkidle');
  await act?.(page);
}

async function take(page: Page, shot: Shot, url: string): Promise<void> {
  await open(page, shot, url);
  const file = join(values.out, shot.name);
  if (!values.everything) return writeFile(`${file}.webp`, await smallPicture(page));
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const [size, viewport] of Object.entries({ wide, narrow })) {
      await page.setViewportSize(viewport);
      await page.screenshot({ path: `${file}-${size}-${colorScheme}.png` });
    }
  }
}

async function withStack(use: (stack: LocalStack) => Promise<void>): Promise<void> {
  if (values.data !== undefined)
    return use(JSON.parse(await readFile(join(values.data, 'local.json'), 'utf8')) as LocalStack);
  const tidings = await startTidings();
  try {
    await use(await tidings.local());
  } finally {
    await tidings.stop();
  }
}

if (values.help) {
  console.log(help);
} else {
  await mkdir(values.out, { recursive: true });
  await withStack(async (stack) => {
    const browser = await startChromium();
    const seeded = await seedPictures(stack);
    try {
      const page = await openPage(browser, seeded);
      for (const shot of await shotsOf(seeded)) {
        await take(page, shot, seeded.local.url);
        console.log(shot.name);
      }
    } finally {
      await browser.close();
      await seeded.close();
    }
  });
}

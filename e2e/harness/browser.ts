import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { startChromium } from '@tidings/testing/browser';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import type { LocalStack } from './tidings.ts';

const wide = { width: 1280, height: 800 };
const narrow = { width: 390, height: 844 };
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser | undefined;

/**
 * Starts one Chromium for a file of tests: that of the package on Linux x64, that of `CHROMIUM_PATH` elsewhere. Call it
 * once at the top of the file.
 */
export function withBrowser(): void {
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser?.close();
    browser = undefined;
  });
}

/** A page, and what went wrong in it: each test ends with {@link expectQuiet}. */
export type BrowserPage = Page & Readonly<{ faults: string[] }>;

/**
 * Opens a page in a browser profile of its own, which is closed with the test. Errors of scripts, refusals of the
 * content security policy and requests to other origins fail the test at its end.
 */
export async function aBrowserPage(options: BrowserContextOptions = {}): Promise<BrowserPage> {
  if (browser === undefined) throw new Error('Call withBrowser() at the top of the file.');
  const context = await browser.newContext({
    viewport: wide,
    reducedMotion: 'reduce',
    timezoneId: 'Europe/Berlin',
    ...options,
  });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // A refused request is what some tests are about, and Chromium writes each to the console.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      faults.push(message.text());
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (url.protocol !== 'data:' && !['127.0.0.1', 'localhost'].includes(url.hostname))
      faults.push(`a request to ${url.origin}`);
  });
  onTestFinished(async () => {
    await context.close();
    expect(faults).toEqual([]);
  });
  return Object.assign(page, { faults });
}

/** Signs in with the key of the stack, as somebody who types it, and opens a path. */
export async function signInAt(
  page: Page,
  { url, admin_key }: Pick<LocalStack, 'url' | 'admin_key'>,
  path = '/',
): Promise<void> {
  await page.goto(url + path);
  await page.getByLabel('API key').fill(admin_key);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation').waitFor({ state: 'attached' });
}

const contrast = ['color-contrast', 'link-in-text-block'];

type Violation = Readonly<{
  id: string;
  help: string;
  nodes: readonly Readonly<{ html: string; failureSummary: string }>[];
}>;

/**
 * Expects that axe finds nothing against WCAG 2.2 A and AA, and none of its best practices broken. The size of targets, which
 * is new in 2.2, is a rule that axe has switched off.
 */
export async function expectAccessible(page: Page): Promise<void> {
  const rules = { 'target-size': { enabled: true } };
  await expectNoViolations(page, { resultTypes: ['violations'], rules });
}

async function expectNoViolations(page: Page, options: object): Promise<void> {
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(axeSource);
  const violations = await page.evaluate(async (given) => {
    const { axe } = globalThis as unknown as {
      axe: { run: (options: object) => Promise<{ violations: Violation[] }> };
    };
    return (await axe.run(given)).violations;
  }, options);
  expect(
    violations.map(({ id, help, nodes }) => [
      id,
      help,
      ...nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`),
    ]),
  ).toEqual([]);
}

/** Waits until a frame is drawn that has what has just changed: colours, or the width of the page. */
const nextFrame = async (page: Page): Promise<unknown> =>
  page.evaluate('new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))');

/** {@link expectAccessible}, and its rules of contrast in the dark colour scheme too; the page then has the light one. */
export async function expectAccessibleInBothSchemes(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'dark' });
  await nextFrame(page);
  // What the others look at is the same in both.
  await expectNoViolations(page, {
    resultTypes: ['violations'],
    runOnly: { type: 'rule', values: contrast },
  });
  await page.emulateMedia({ colorScheme: 'light' });
  await nextFrame(page);
  await expectAccessible(page);
}

/** Writes pictures of a page in both sizes and both colour schemes to the folder `PICTURES`; nothing without it. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['PICTURES'];
  if (folder === undefined) return;
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const [size, viewport] of Object.entries({ wide, narrow })) {
      await page.setViewportSize(viewport);
      await nextFrame(page);
      await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`) });
    }
  }
  await page.setViewportSize(wide);
  await page.emulateMedia({ colorScheme: 'light' });
}

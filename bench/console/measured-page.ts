import type { Browser, CDPSession, Page } from 'playwright-core';

/** A page in a profile of its own, and the session that measures it. */
export type Opened = Readonly<{ page: Page; cdp: CDPSession; close: () => Promise<void> }>;

/** Memory of a page after a collection of garbage, by Chromium's own figures. */
export type Memory = Readonly<{ heapMb: number; nodes: number; listeners: number }>;

/** Opens an empty page of 1280 × 800. */
export async function open(browser: Browser): Promise<Opened> {
  const context = await browser.newContext({
    viewport: { width: 1_280, height: 800 },
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Performance.enable');
  return { page, cdp, close: async () => context.close() };
}

/** Returns the figures of Chromium's domain Performance by name. */
export async function metricsOf({ cdp }: Pick<Opened, 'cdp'>): Promise<ReadonlyMap<string, number>> {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return new Map(metrics.map(({ name, value }) => [name, value]));
}

/** Collects garbage, and returns what is left. */
export async function memoryOf(opened: Opened): Promise<Memory> {
  await opened.cdp.send('HeapProfiler.collectGarbage');
  const metrics = await metricsOf(opened);
  return {
    heapMb: Math.round(((metrics.get('JSHeapUsedSize') ?? 0) / 1_048_576) * 10) / 10,
    nodes: metrics.get('Nodes') ?? 0,
    listeners: metrics.get('JSEventListeners') ?? 0,
  };
}

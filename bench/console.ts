import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startChromium } from '@tidings/testing/browser';
import type { Browser, Page } from 'playwright-core';
import { type ConsoleStub, startConsoleStub } from './console/api-stub.ts';
import { measureWork } from './console/measure-work.ts';
import { type Memory, memoryOf, open } from './console/measured-page.ts';
import { root } from './stack.ts';

const help = `npm run bench:console -- [options]
Measures the browser application in a real Chromium against a server that answers as the API would: how soon the first
screen can be used, and the memory and work of a long list and of the live tail.
  --starts N      loads of the first screen, each in a new profile; the median counts (default 5)
  --rows N        rows of the list (default 100000)
  --messages N    messages of the live tail, as fast as the page reads them (default 720000: an hour at 200 a second)
  --rate N        messages a second while the work of the live tail is measured (default 200)
  --seconds N     most seconds for each of the last three parts (default 240)
  --out FILE      where to write the JSON (default bench/results/console.json)`;

const { values } = parseArgs({
  options: {
    starts: { type: 'string', default: '5' },
    rows: { type: 'string', default: '100000' },
    messages: { type: 'string', default: '720000' },
    rate: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '240' },
    out: { type: 'string', default: join(root, 'bench/results/console.json') },
    help: { type: 'boolean', default: false },
  },
});

const [starts, rows, messages, rate, seconds] = [
  values.starts,
  values.rows,
  values.messages,
  values.rate,
  values.seconds,
].map(Number) as [number, number, number, number, number];

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

/** Milliseconds from the request of the page until its first row can be clicked, in new profiles. */
async function measureStart(browser: Browser, url: string): Promise<readonly number[]> {
  const times: number[] = [];
  for (let n = 0; n < starts; n += 1) {
    const { page, close } = await open(browser);
    await page.goto(`${url}/deliveries`);
    await page.getByRole('table').getByRole('link').first().waitFor();
    // Rendered is not usable yet: the next task of the page runs only after the work of this one.
    times.push(
      await page.evaluate(async () => {
        await new Promise((resolve) => setTimeout(resolve));
        return performance.now();
      }),
    );
    await close();
  }
  return times.map(Math.round);
}

type Step = Readonly<{ at: number; afterSeconds: number } & Memory>;

/** Scrolls a list to its end, and back to its begin, and measures on the way. */
async function measureList(
  browser: Browser,
  url: string,
): Promise<Readonly<{ steps: readonly Step[]; back: Memory }>> {
  const opened = await open(browser);
  const { page } = opened;
  await page.goto(`${url}/deliveries`);
  await page.getByRole('table').getByRole('link').first().waitFor();
  const beganMs = performance.now();
  const steps: Step[] = [];
  const marks = [1_000, 10_000, 25_000, 50_000, 100_000].filter((mark) => mark <= rows);
  for (const mark of marks) {
    while ((await shownRows(page)) < mark && performance.now() - beganMs < seconds * 1_000)
      await page.evaluate(scrollOn, mark);
    const at = await shownRows(page);
    steps.push({ at, afterSeconds: secondsSince(beganMs), ...(await memoryOf(opened)) });
    console.log('list', JSON.stringify(steps.at(-1)));
    if (at < mark) break;
  }
  await page.evaluate('scrollTo(0, 0)');
  await page.getByRole('row').nth(1).getByRole('link').waitFor();
  await pause(500);
  const back = await memoryOf(opened);
  await opened.close();
  return { steps, back };
}

const secondsSince = (beganMs: number): number => Math.round((performance.now() - beganMs) / 100) / 10;

type BrowserParts = Readonly<{
  document: {
    querySelector: (selector: string) => { clientHeight: number } | null;
    body: { scrollHeight: number };
  };
  scrollTo: (x: number, y: number) => void;
}>;

// A row has 37 pixels on a wide page: the height of the list says how many are known.
const shownRows = async (page: Page): Promise<number> =>
  page.evaluate(() => {
    const { document } = globalThis as unknown as BrowserParts;
    return Math.round((document.querySelector('[role=rowgroup]:last-child')?.clientHeight ?? 0) / 37);
  });

/** Runs in the page: scrolls to the end again and again until so many rows are known, for two seconds at most. */
const scrollOn = async (mark: number): Promise<void> => {
  const { document, scrollTo } = globalThis as unknown as BrowserParts;
  const untilMs = performance.now() + 2_000;
  const known = () => (document.querySelector('[role=rowgroup]:last-child')?.clientHeight ?? 0) / 37;
  while (known() < mark && performance.now() < untilMs) {
    scrollTo(0, document.body.scrollHeight);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** Lets the page read an hour of messages, and measures on the way. */
async function measureTail(browser: Browser, stub: ConsoleStub): Promise<readonly Step[]> {
  const opened = await open(browser);
  stub.stream({ messages, perSecond: Number.POSITIVE_INFINITY });
  const beganMs = performance.now();
  await opened.page.goto(`${stub.url}/tail`);
  const steps: Step[] = [];
  for (const part of [0.02, 0.1, 0.25, 0.5, 0.75, 1]) {
    while (stub.sent() < messages * part && performance.now() - beganMs < seconds * 1_000) await pause(50);
    const isLate = stub.sent() < messages * part;
    if (part === 1) await pause(1_000);
    steps.push({ at: stub.sent(), afterSeconds: secondsSince(beganMs), ...(await memoryOf(opened)) });
    console.log('tail', JSON.stringify(steps.at(-1)));
    if (isLate) break;
  }
  await opened.close();
  return steps;
}

if (values.help) {
  console.log(help);
} else {
  const stub = await startConsoleStub(rows);
  const browser = await startChromium(['--js-flags=--expose-gc']);
  try {
    const first = await measureStart(browser, stub.url);
    console.log(`first screen: ${first.join(', ')} ms, median ${median(first)}`);
    const list = await measureList(browser, stub.url);
    const tail = await measureTail(browser, stub);
    const work = await measureWork({ browser, stub, rate });
    console.log(`live tail at ${rate} a second: ${JSON.stringify(work)}`);
    const result = {
      load: loadavg()[0],
      firstScreenMs: { all: first, median: median(first) },
      list,
      tail,
      work,
    };
    await writeFile(values.out, `${JSON.stringify(result, null, 2)}\n`);
    console.table(list.steps);
    console.table(tail);
  } finally {
    await browser.close();
    stub.close();
  }
}

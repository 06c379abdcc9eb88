import chromium from '@sparticuz/chromium';
import { type Browser, chromium as playwright } from 'playwright-core';

/**
 * Starts a Chromium without a window: that of the package on Linux x64, that of `CHROMIUM_PATH` elsewhere. `args`: more
 * arguments for it. Throws if there is none.
 */
export async function startChromium(args: readonly string[] = []): Promise<Browser> {
  const own = process.env['CHROMIUM_PATH'];
  if (own !== undefined) return playwright.launch({ executablePath: own, args: [...args] });
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `Chromium is installed with the packages on Linux x64 only, and this is ${process.platform} ${process.arch}: set CHROMIUM_PATH to a Chromium or Chrome.`,
    );
  }
  // Not the arguments of the package: they switch off the same-origin policy, which tests rely on.
  const basic = ['--no-sandbox', '--disable-gpu'];
  return playwright.launch({ executablePath: await chromium.executablePath(), args: [...basic, ...args] });
}

import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';

/**
 * Returns the URL of --forward-to: `http://localhost:3000/hooks`, also without `http://`, or a port of this machine. Throws
 * CommandFailed for anything else.
 */
export function forwardUrl(text: string): string {
  const whole = /^\d{1,5}(\/|$)/.test(text) ? `localhost:${text}` : text;
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(whole) ? whole : `http://${whole}`;
  try {
    if (/^https?:$/.test(new URL(url).protocol)) return url;
  } catch {
    // Not a URL: the text below says what one is.
  }
  const wanted = 'an http or https URL such as http://localhost:3000/hooks, or a port';
  throw new CommandFailed(exitCodes.usage, `--forward-to must be ${wanted}, got '${text}'.`);
}

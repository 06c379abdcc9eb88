// Control characters except tab and line ends, marks that change the direction of text, and characters without width:
// a foreign text could otherwise look like another.
const invisible = /\p{Cf}|\p{Zl}|\p{Zp}|(?![\t\n\r])\p{Cc}/gu;

/** Returns a text with its invisible and direction-changing characters written out: `⟦U+202E⟧`. */
export const visibleText = (text: string): string =>
  text.replaceAll(
    invisible,
    (one) => `⟦U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟧`,
  );

/** Returns true if {@link visibleText} changes a text. */
export const hasInvisible = (text: string): boolean => text.search(invisible) >= 0;

/** Returns the bytes of a base64 text as lines of 16 in hexadecimal, with their characters beside them. */
export function hexDump(base64: string, maxBytes = 4_096): Readonly<{ bytes: number; lines: string }> {
  const raw = atob(base64);
  const lines: string[] = [];
  for (let at = 0; at < Math.min(raw.length, maxBytes); at += 16) {
    const row = raw.slice(at, at + 16);
    const hex = Array.from(row, (one) => one.charCodeAt(0).toString(16).padStart(2, '0')).join(' ');
    const shown = row.replaceAll(/[^\x20-\x7e]/g, '·');
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(47)}  ${shown}`);
  }
  return { bytes: raw.length, lines: lines.join('\n') };
}

const maxPrettyCharacters = 512 * 1_024;

/**
 * Returns JSON with line breaks and indentation; the text itself if it is not JSON, or too long to be worth it. Only
 * white space changes: numbers that JavaScript cannot hold and repeated names stay as they were sent.
 */
export function prettyText(text: string): string {
  if (text.length > maxPrettyCharacters || !/^\s*[[{]/.test(text) || !isJson(text)) return text;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s"[\]{},:]+/g) ?? [];
  let depth = 0;
  const line = () => `\n${'  '.repeat(depth)}`;
  return tokens
    .map((token, at) => {
      if (token === '{' || token === '[') {
        const isEmpty = tokens[at + 1] === '}' || tokens[at + 1] === ']';
        if (isEmpty) return token;
        depth += 1;
        return token + line();
      }
      if (token === '}' || token === ']') {
        if (tokens[at - 1] === '{' || tokens[at - 1] === '[') return token;
        depth -= 1;
        return line() + token;
      }
      if (token === ',') return `,${line()}`;
      return token === ':' ? ': ' : token;
    })
    .join('');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

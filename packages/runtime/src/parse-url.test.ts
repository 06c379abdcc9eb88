import { expect, it } from 'vitest';
import { parseUrl } from './parse-url.ts';

it.each(['', 'a', '/a', 'https://', 'https://a b/', 'https://[::1'])('returns null for %j', (text) => {
  expect(parseUrl(text)).toBeNull();
});

it('accepts letters beyond ASCII, also after the engine has optimised it', () => {
  const texts = ['https://bücher.example/hooks', 'https://a.example/é', 'https://ü.example/?ß'];
  const hosts = new Set<string | undefined>();
  for (let count = 0; count < 30_000; count += 1)
    hosts.add(parseUrl(texts[count % texts.length] ?? '')?.host);
  expect([...hosts]).toEqual(['xn--bcher-kva.example', 'a.example', 'xn--tda.example']);
});

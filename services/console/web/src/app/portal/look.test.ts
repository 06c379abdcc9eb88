import { expect, it } from 'vitest';
import { plainLook, readLook, refreshLink } from './look.ts';

const logo = 'data:image/png;base64,iVBORw0KGgo=';

it('reads what the API answers', () => {
  const look = readLook({
    ...{ name: 'Shop', logo, light: { accent: '#0b5c4a', accent_hover: '#094a3b' }, dark: { accent: null } },
    ...{ origins: ['https://app.example'], refresh_url: 'https://app.example/webhooks' },
  });
  expect(look).toMatchObject({
    ...{ name: 'Shop', logo, origins: ['https://app.example'], refreshUrl: 'https://app.example/webhooks' },
    colours: { '--accent-light': '#0b5c4a', '--accent-hover-light': '#094a3b', '--accent-dark': null },
  });
});

it.each([null, 'x', [], { light: 'x', origins: 'x', name: 7 }])('reads %j as plain', (value) => {
  const { colours, ...rest } = readLook(value);
  const { colours: _none, ...plain } = plainLook;
  expect(rest).toEqual(plain);
  expect(new Set(Object.values(colours))).toEqual(new Set([null]));
});

it.each([
  [{ light: { accent: 'url(https://evil.example)' } }],
  [{ light: { accent: '#00000g' } }],
  [{ logo: 'https://evil.example/track.png' }],
  [{ logo: 'data:image/svg+xml;base64,PHN2Zy8+' }],
  [{ refresh_url: 'javascript:alert(1)' }],
  [{ refresh_url: '//evil.example' }],
])('leaves out of %j what could be something else', (value) => {
  expect(readLook(value)).toEqual(readLook({}));
});

it('adds the page to the refresh URL, whatever parameters it has', () => {
  expect(refreshLink('https://app.example/w?tenant=1', '/deliveries?status=failed&q=a b')).toBe(
    'https://app.example/w?tenant=1&path=%2Fdeliveries%3Fstatus%3Dfailed%26q%3Da+b',
  );
});

/** HTML that is safe to send: what was put into it has been escaped. */
export type Markup = Readonly<{ text: string }>;

type Part = Markup | string | number | readonly Part[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function render(part: Part): string {
  if (typeof part === 'string' || typeof part === 'number') {
    return String(part).replace(/[&<>"']/g, (character) => entities[character] ?? character);
  }
  return 'text' in part ? part.text : part.map(render).join('');
}

/** A template whose values are escaped, unless they are markup themselves. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Markup {
  const rest = values.map((value, at) => render(value) + (strings[at + 1] ?? ''));
  return { text: (strings[0] ?? '') + rest.join('') };
}

/** Text of our own that is HTML already. Never for what comes from outside. */
export function raw(text: string): Markup {
  return { text };
}

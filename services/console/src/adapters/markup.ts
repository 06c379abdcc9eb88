/** Safe HTML: every inserted value has been escaped. */
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

/** A template tag that escapes its values unless they are markup. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Markup {
  const rest = values.map((value, at) => render(value) + (strings[at + 1] ?? ''));
  return { text: (strings[0] ?? '') + rest.join('') };
}

/** Marks trusted text as HTML. Never use it for external data. */
export function raw(text: string): Markup {
  return { text };
}

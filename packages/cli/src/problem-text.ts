/**
 * A refusal in lines for a terminal: what, then each fault with its place, then what to quote to the operator. For an
 * answer that is no problem+json, its status.
 */
export function problemText(status: number, body: unknown): string {
  const text = (value: object, name: string): string | undefined => {
    const found: unknown = Reflect.get(value, name);
    return typeof found === 'string' ? found : undefined;
  };
  if (typeof body !== 'object' || body === null || text(body, 'detail') === undefined) {
    return `The answer is ${status} and not from Tidings: is the URL that of its API?`;
  }
  const errors: unknown = Reflect.get(body, 'errors');
  const faults = Array.isArray(errors) ? errors.filter((one): one is object => typeof one === 'object') : [];
  const lines = faults.map(
    (fault) => `  ${text(fault, 'pointer') || '(all)'}: ${text(fault, 'detail') ?? ''}`,
  );
  const traceId = text(body, 'traceId');
  return [
    `${status} ${text(body, 'title') ?? ''}: ${text(body, 'detail')}`,
    ...lines,
    ...(traceId === undefined || status < 500 ? [] : [`  trace ${traceId}`]),
  ].join('\n');
}

/**
 * Formats a refusal for a terminal: the problem, each fault with its position, and the reference to quote to the
 * operator. A response that is not problem+json is shown by its status.
 */
export function problemText(status: number, body: unknown): string {
  const text = (value: object, name: string): string | undefined => {
    const found: unknown = Reflect.get(value, name);
    return typeof found === 'string' ? found : undefined;
  };
  if (typeof body !== 'object' || body === null || text(body, 'detail') === undefined) {
    return `The response (${status}) is not from Tidings: check the URL of the API.`;
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

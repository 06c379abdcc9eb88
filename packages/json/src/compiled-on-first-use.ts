/** A compiled JSON Schema, as ajv returns it: sets `errors` if data are invalid, and null otherwise. */
export type CompiledCheck<T, E> = ((data: unknown) => data is T) & { errors?: E[] | null | undefined };

/**
 * Returns a check that compiles its schema when it is first called. A process declares some two hundred schemas, and
 * compiling one takes about a millisecond: together a fifth of the CPU of a start, most of it for schemas that are
 * never used. An invalid schema therefore throws at its first use.
 */
export function compiledOnFirstUse<T, E>(compile: () => CompiledCheck<T, E>): CompiledCheck<T, E> {
  let compiled: CompiledCheck<T, E> | undefined;
  const check: CompiledCheck<T, E> = (data): data is T => {
    compiled ??= compile();
    const isValid = compiled(data);
    check.errors = compiled.errors;
    return isValid;
  };
  return check;
}

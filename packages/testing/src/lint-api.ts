import { createConfig, lintFromString } from '@redocly/openapi-core';

/**
 * Returns the linter's findings in an OpenAPI document, errors and warnings alike, as `rule at place: message`. Applies
 * the strict recommended rules, and those that require descriptions.
 */
export async function lintApi(document: unknown): Promise<readonly string[]> {
  const config = await createConfig({
    extends: ['recommended-strict'],
    rules: {
      'operation-description': 'error',
      'operation-4xx-problem-details-rfc7807': 'error',
      'parameter-description': 'error',
      'tag-description': 'error',
      'no-schema-type-mismatch': 'error',
      'no-invalid-parameter-examples': 'error',
    },
  });
  return lint(document, config);
}

/**
 * Returns violations of the standard in an OpenAPI or AsyncAPI document, as {@link lintApi} does. No rules of style.
 */
export const lintStandard = async (document: unknown): Promise<readonly string[]> =>
  lint(document, await createConfig({ extends: ['spec'] }));

async function lint(
  document: unknown,
  config: Awaited<ReturnType<typeof createConfig>>,
): Promise<readonly string[]> {
  const problems = await lintFromString({
    source: JSON.stringify(document),
    absoluteRef: 'api.json',
    config,
  });
  return problems.map(({ ruleId, message, location: [place] }) => {
    const pointer = place !== undefined && 'pointer' in place ? (place.pointer ?? '') : '';
    return `${ruleId} at ${pointer}: ${message}`;
  });
}

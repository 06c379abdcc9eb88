import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { relative } from 'node:path';

import type ts from 'typescript';

// Loaded when it is first needed: it takes longer to load than the rest of the stack, and `npm start` needs none.
const require = createRequire(import.meta.url);
const compiler = (): typeof ts => require('typescript') as typeof ts;

/**
 * Returns the syntax errors of files in the compiler's format, such as `services/delivery/src/main.ts(3,7): error
 * TS1005: ';' expected.`; empty if all files parse. A deleted file has none.
 */
export function syntaxErrors(root: string, files: readonly string[]): readonly string[] {
  const sources = files.filter((file) => file.endsWith('.ts'));
  if (sources.length === 0) return [];
  const { formatDiagnostic, ModuleKind, ScriptTarget, transpileModule } = compiler();
  return sources.flatMap((file) => {
    const text = read(file);
    if (text === null) return [];
    const { diagnostics = [] } = transpileModule(text, {
      fileName: relative(root, file),
      reportDiagnostics: true,
      compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ES2023 },
    });
    return diagnostics.map((one) => formatDiagnostic(one, formatHost).trim());
  });
}

const formatHost: ts.FormatDiagnosticsHost = {
  getCurrentDirectory: () => '',
  getCanonicalFileName: (name) => name,
  getNewLine: () => '\n',
};

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

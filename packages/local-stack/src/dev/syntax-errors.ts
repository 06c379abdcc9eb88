import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

import ts from 'typescript';

/**
 * Returns the syntax errors of files in the compiler's format, such as `services/delivery/src/main.ts(3,7): error
 * TS1005: ';' expected.`; empty if all files parse. A deleted file has none.
 */
export function syntaxErrors(root: string, files: readonly string[]): readonly string[] {
  const sources = files.filter((file) => file.endsWith('.ts'));
  return sources.flatMap((file) => {
    const text = read(file);
    if (text === null) return [];
    const { diagnostics = [] } = ts.transpileModule(text, {
      fileName: relative(root, file),
      reportDiagnostics: true,
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
    });
    return diagnostics.map((one) => ts.formatDiagnostic(one, formatHost).trim());
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

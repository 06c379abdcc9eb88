import { readHistory } from '../history/read-history.ts';
import { isKept, judge, verdictText } from './judge.ts';

const help = `node chaos/dist/checker/main.js FILE

  Judges the history of a chaos run (the file history.ndjson that 'npm run chaos' writes) by every rule of docs/reliability.md.
  Exit code 0: every rule was kept and had something to check. 1: not so. 2: the file cannot be read.
  --json   the verdicts as JSON
  --help   this text
`;

const main = async (args: readonly string[]): Promise<number> => {
  const files = args.filter((arg) => !arg.startsWith('--'));
  const unknown = args.find((arg) => arg.startsWith('--') && arg !== '--json' && arg !== '--help');
  if (args.includes('--help')) {
    process.stdout.write(help);
    return 0;
  }
  const [file] = files;
  if (unknown !== undefined || file === undefined || files.length > 1) {
    process.stderr.write(
      `${unknown === undefined ? `expected one file, got ${files.length}` : `unknown option '${unknown}'`}\n\n${help}`,
    );
    return 2;
  }
  try {
    const verdicts = judge(await readHistory(file));
    process.stdout.write(
      `${args.includes('--json') ? JSON.stringify(verdicts, null, 2) : verdictText(verdicts)}\n`,
    );
    return isKept(verdicts) ? 0 : 1;
  } catch (error) {
    process.stderr.write(`${file}: ${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
};

process.exitCode = await main(process.argv.slice(2));

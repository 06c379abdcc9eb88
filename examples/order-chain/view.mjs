const signs = { succeeded: '✓', failed: '✗', waiting: '…', undone: '↶' };

const stepText = ({ name, status, attempt_count: attempts }) =>
  `${name} ${signs[status]}${attempts > 1 ? ` (${attempts} attempts)` : ''}`;

const runText = ({ handler, status, steps }) =>
  `  ${handler.padEnd(16)} ${status.padEnd(10)} ${steps.map(stepText).join('  ')}`;

/**
 * A view of the orders: on a terminal a page that is drawn again and again, otherwise a line for each thing that happens.
 * `report(who, order, what)` tells what happens outside of runs.
 */
export function createView({ output }) {
  const shown = new Map();
  const recent = [];

  const report = (who, order, what) => {
    const line = [who.padEnd(8), order, what].filter(Boolean).join(' ');
    if (output.isTTY) recent.push(line);
    else output.write(`${line}\n`);
  };

  const drawPage = (orders, runs) => {
    const lines = orders.flatMap(({ _id: id, status }) => [
      `${id}  ${status}`,
      ...runs.filter((run) => run.ordering_key === id).map(runText),
    ]);
    const room = Math.max(5, output.rows - 8);
    const page = [
      ...lines.slice(-room),
      ...['', '✓ succeeded  … waits for the next attempt  ✗ failed', ''],
      ...recent.slice(-4),
    ];
    output.write(`\x1b[2J\x1b[H${page.map((line) => line.slice(0, output.columns)).join('\n')}\n`);
  };

  const printChanges = (runs) => {
    for (const run of runs) {
      if (shown.get(run.id) === run.changed_at) continue;
      shown.set(run.id, run.changed_at);
      report('worker', run.ordering_key, runText(run).trim());
    }
  };

  return {
    report,
    show: (orders, runs) => (output.isTTY ? drawPage(orders, runs) : printChanges(runs)),
  };
}

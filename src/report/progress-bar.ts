import { MultiBar, type SingleBar } from 'cli-progress';
import { describeProgress } from './describe-progress.ts';
import type { ProgressView } from './progress-view.ts';

const BAR_FORMAT = '{bar} {percentage} %  {bytes}  {rows}  {rate}  {left}  {phase}';

/** cli-progress: https://github.com/npkgz/cli-progress */
export function progressBar(): ProgressView {
  const bars = new MultiBar({
    format: BAR_FORMAT,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    barCompleteChar: '━',
    barIncompleteChar: '─',
    barsize: 24,
  });
  let bar: SingleBar | undefined;
  return {
    show: (progress) => {
      bar ??= bars.create(100, 0, describeProgress(progress));
      bar.update(Math.floor(progress.fraction * 100), describeProgress(progress));
    },
    print: (screen, line) => (bar === undefined ? screen.err(line) : bars.log(line)),
    close: () => bars.stop(),
  };
}

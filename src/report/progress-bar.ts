import { MultiBar, type SingleBar } from 'cli-progress';
import { describeProgress, describeWorker } from './describe-progress.ts';
import type { RunProgress, WorkerProgress } from './event.ts';
import type { ProgressView } from './progress-view.ts';

const RUN_FORMAT = '{bar} {percentage} %  {tasks}  {bytes}  {rows}  {rate}  {left}  {phase}';
const WORKER_FORMAT = '{bar} {percentage} %  worker {worker}: {task}  {bytes}  {rows}  {phase}';
const LEAST_COLUMNS = 80;
/** The line of the run, the last line of the shell, and one to see that it goes on. */
const OTHER_LINES = 3;

/** A terminal, as far as the bars look at it. */
export interface BarScreen extends NodeJS.WritableStream {
  readonly rows?: number;
  readonly columns?: number;
}

/**
 * A bar for the run and, where there is room, one below it for each of its workers.
 * cli-progress: https://github.com/npkgz/cli-progress
 */
export function progressBar(stream: BarScreen = process.stderr): ProgressView {
  const bars = new MultiBar({
    stream,
    hideCursor: true,
    clearOnComplete: true,
    barCompleteChar: '━',
    barIncompleteChar: '─',
    barsize: 24,
  });
  let bar: SingleBar | undefined;
  const workers = new WorkerBars(bars, stream);
  return {
    show: (progress) => {
      bar ??= bars.create(100, 0, describeProgress(progress), { format: RUN_FORMAT });
      bar.update(Math.floor(progress.fraction * 100), describeProgress(progress));
      workers.show(progress);
    },
    print: (screen, line) => (bar === undefined ? screen.err(line) : bars.log(line)),
    close: () => {
      // Lines are printed with the next frame, and `stop` does not draw one.
      if (bar !== undefined) bars.update();
      bars.stop();
    },
  };
}

class WorkerBars {
  readonly #bars: MultiBar;
  readonly #screen: BarScreen;
  readonly #shown = new Map<number, SingleBar>();

  constructor(bars: MultiBar, screen: BarScreen) {
    this.#bars = bars;
    this.#screen = screen;
  }

  /** A run of one task is told by its own bar. */
  show({ workers, tasks }: RunProgress): void {
    if (tasks.total <= 1 || !this.#fits(workers)) this.#clear();
    else this.#update(workers);
  }

  #update(workers: readonly WorkerProgress[]): void {
    for (const worker of workers) this.#updateOne(worker);
    for (const [number, bar] of this.#shown) {
      if (!workers.some(({ worker }) => worker === number)) bar.update(0, idle(number));
    }
  }

  #fits(workers: readonly WorkerProgress[]): boolean {
    const { rows = 24, columns = LEAST_COLUMNS } = this.#screen;
    const wanted = new Set([...this.#shown.keys(), ...workers.map(({ worker }) => worker)]).size;
    return columns >= LEAST_COLUMNS && rows >= wanted + OTHER_LINES;
  }

  #updateOne(progress: WorkerProgress): void {
    const texts = describeWorker(progress);
    const bar =
      this.#shown.get(progress.worker) ?? this.#bars.create(100, 0, texts, { format: WORKER_FORMAT });
    this.#shown.set(progress.worker, bar);
    bar.update(Math.floor(progress.fraction * 100), texts);
  }

  #clear(): void {
    for (const bar of this.#shown.values()) this.#bars.remove(bar);
    this.#shown.clear();
  }
}

function idle(worker: number): Record<string, string> {
  return { worker: String(worker), task: 'idle', phase: '', bytes: '', rows: '' };
}

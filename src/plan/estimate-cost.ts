import type { EnginePrice } from '../job/job.ts';
import { estimateTask, readOfFiles } from './estimate.ts';
import type { Plan } from './plan.ts';
import { stepOutlines } from './step-outlines.ts';
import type { StepPlan, TaskEstimate } from './step-plan.ts';

/** What a run takes, and costs. A GB is 1000³ bytes. */
export interface Cost {
  readonly vcpu_hours: number;
  /** Of the memory that a task has, for as long as it runs. */
  readonly gb_hours: number;
  /** `null` where no price is known. */
  readonly dollars: number | null;
}

/** An estimate for one engine. */
export interface CostEstimate extends Cost {
  readonly engine: string;
  readonly tasks: number;
  /** Steps whose tasks are not known yet: guessed as one task that reads their inputs. */
  readonly guessed: readonly string[];
}

/** What one worker has, and how many share a machine. */
export interface CostMachine {
  readonly threads: number;
  readonly memoryBytes: number;
  readonly workers: number;
}

/** Where tasks run, and at what price, where one is known. */
export interface PricedMachine {
  readonly machine: CostMachine;
  readonly price: EnginePrice | undefined;
}

/** What the tasks of a plan take on an engine, by the guesses of `estimateTask`. */
export function estimateCost(
  plan: Plan,
  steps: readonly StepPlan[],
  { engine, ...priced }: PricedMachine & { readonly engine: string },
): CostEstimate {
  const listed = steps.flatMap(({ tasks }) => tasks.map(({ estimate }) => estimate));
  const unlisted = stepOutlines(plan).filter(({ id }) => !steps.some((step) => step.id === id));
  const guesses = unlisted.map(({ whole, narrowed }) => guessTask(plan, [...whole, ...narrowed]));
  const tasks = [...listed, ...guesses];
  return {
    engine,
    ...costOfEstimates(tasks, priced),
    tasks: tasks.length,
    guessed: unlisted.map(({ id }) => id),
  };
}

function guessTask({ inputs }: Plan, relations: readonly string[]): TaskEstimate {
  const read = inputs.filter(({ name }) => relations.includes(name));
  return estimateTask(read.map(({ input, files }) => readOfFiles(input.format, files)));
}

/** What tasks take that were estimated: `seconds` are those of one processor. */
export function costOfEstimates(
  tasks: readonly Pick<TaskEstimate, 'seconds'>[],
  priced: PricedMachine,
): Cost {
  const processors = priced.price?.vcpus ?? priced.machine.threads;
  const seconds = tasks.reduce((total, task) => total + task.seconds, 0) / processors;
  return costOfTasks({ tasks: tasks.length, seconds }, priced);
}

/** What so many tasks take that held their workers for so many seconds, all together. */
export function costOfTasks(
  { tasks, seconds }: { readonly tasks: number; readonly seconds: number },
  { machine, price }: PricedMachine,
): Cost {
  const hours = seconds / 3600;
  const vcpuHours = hours * (price?.vcpus ?? machine.threads);
  const gbHours = (hours * (price?.memoryBytes ?? machine.memoryBytes)) / 1e9;
  const dollars =
    price &&
    vcpuHours * price.vcpuHour +
      gbHours * price.gbHour +
      (hours / machine.workers) * price.machineHour +
      tasks * price.request;
  return {
    vcpu_hours: round(vcpuHours),
    gb_hours: round(gbHours),
    dollars: dollars === undefined ? null : round(dollars),
  };
}

/** More digits than a guess has. */
function round(amount: number): number {
  return Number(amount.toPrecision(6));
}

/** `$0.0042, 0.012 vCPU-hours, 0.1 GB-hours` */
export function formatCost({ dollars, vcpu_hours, gb_hours }: Cost): string {
  const price = dollars === null ? [] : [shortDollars(dollars)];
  return [...price, `${shortNumber(vcpu_hours)} vCPU-hours`, `${shortNumber(gb_hours)} GB-hours`].join(', ');
}

/** Below it a figure says nothing to a person. */
const LEAST = 0.0001;

function shortDollars(dollars: number): string {
  return isTiny(dollars) ? `less than $${LEAST}` : `$${shortNumber(dollars)}`;
}

function shortNumber(amount: number): string {
  return isTiny(amount) ? `less than ${LEAST}` : String(Number(amount.toPrecision(3)));
}

function isTiny(amount: number): boolean {
  return amount !== 0 && amount < LEAST;
}

/** All digits of an amount, without an exponent: `0.00000037`. */
export function plainNumber(amount: number): string {
  return amount.toLocaleString('en-US', { maximumSignificantDigits: 15, useGrouping: false });
}

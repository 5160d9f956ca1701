import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const HANDLER = fileURLToPath(new URL('../../dist/lambda.js', import.meta.url));
const RUNTIME = fileURLToPath(new URL('./runtime.mjs', import.meta.url));

/** How an invocation ended, as Lambda would tell the caller. */
export type Invocation =
  | { readonly kind: 'answered'; readonly answer: Record<string, unknown> }
  | { readonly kind: 'failed'; readonly errorType: string; readonly errorMessage: string };

export interface Invoked {
  readonly outcome: Invocation;
  /** What the function wrote, which goes to CloudWatch. */
  readonly output: string;
  /** The most memory that the process had. */
  readonly peakBytes: number;
}

export interface FunctionLimits {
  /** What Lambda says that the function has. */
  readonly memoryMiB?: number;
  readonly timeoutMs?: number;
  /** What the handler is told of its remaining time, where that is not what it has. */
  readonly toldMs?: number;
}

/**
 * Invokes the built handler in a process of its own, whose heap is as small as that of a function with so much memory,
 * and which is killed when its time is over, as Lambda does.
 */
export function invoke(
  event: unknown,
  env: NodeJS.ProcessEnv,
  { memoryMiB = 2048, timeoutMs = 60_000, toldMs = timeoutMs }: FunctionLimits = {},
): Promise<Invoked> {
  const child = spawn(process.execPath, [`--max-old-space-size=${Math.floor(memoryMiB / 4)}`, RUNTIME], {
    env: {
      PATH: process.env.PATH,
      ...env,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMiB),
      PITWALL_TEST_HANDLER: HANDLER,
      PITWALL_TEST_TOLD_MS: String(toldMs),
    },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const killing = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  child.stdin?.end(JSON.stringify(event));
  const output: Buffer[] = [];
  const answer: Buffer[] = [];
  child.stdout?.on('data', (chunk) => output.push(chunk));
  child.stderr?.on('data', (chunk) => output.push(chunk));
  child.stdio[3]?.on('data', (chunk) => answer.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(killing);
      const text = Buffer.concat(output).toString('utf8');
      if (code !== 0) reject(new Error(`the runtime ended with ${code ?? signal}: ${text}`));
      else resolve({ ...JSON.parse(Buffer.concat(answer).toString('utf8')), output: text });
    });
  });
}

import { sleep } from '../storage/growing-wait.ts';

/** Time as leases need it: monotonic, and never that of another machine. */
export interface LeaseClock {
  nowMs(): number;
  /** Rejects with the signal's reason. */
  sleep(ms: number, signal: AbortSignal | undefined): Promise<void>;
  /** Calls again and again, each call after the one before has settled; gives what ends it. */
  every(ms: number, call: () => Promise<void>): () => void;
}

/** This process's clock; its timers do not keep the process alive. */
export const SYSTEM_CLOCK: LeaseClock = { nowMs: () => performance.now(), sleep, every };

function every(ms: number, call: () => Promise<void>): () => void {
  let isEnded = false;
  let timer: NodeJS.Timeout;
  const schedule = () => {
    timer = setTimeout(tick, ms).unref();
  };
  const tick = async () => {
    await call().catch(() => undefined);
    if (!isEnded) schedule();
  };
  schedule();
  return () => {
    isEnded = true;
    clearTimeout(timer);
  };
}

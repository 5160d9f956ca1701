import type { Engine, EngineRun, EngineSession } from './engine.ts';

/** An engine that is opened when the first task has to run: a run without tasks starts nothing. */
export class LazyEngine {
  readonly #engine: Engine;
  readonly #run: EngineRun;
  #session: Promise<EngineSession> | undefined;

  constructor(engine: Engine, run: EngineRun) {
    this.#engine = engine;
    this.#run = run;
  }

  get session(): Promise<EngineSession> {
    this.#session ??= this.#engine.open(this.#run);
    return this.#session;
  }

  /** Ends what was opened; safe to call twice. */
  async close(): Promise<void> {
    const session = await this.#session?.catch(() => undefined);
    await session?.close();
  }
}

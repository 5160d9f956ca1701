import type { Parameters, Session } from '../duckdb/session.ts';
import { quoteIdentifier } from '../duckdb/sql.ts';
import { reach } from '../fault-point.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import type { PlannedInput } from '../plan/plan.ts';
import type { StepFilePart } from '../plan/step-plan.ts';
import { isRemote, objectsAtOnce } from '../storage/is-remote.ts';
import type { Storage } from '../storage/storage.ts';
import type { DecodedInput } from './decoded-input.ts';
import { DecodedInputs } from './decoded-inputs.ts';
import { type DecodedScan, decodedScan } from './decoded-scan.ts';
import { EncoderPool } from './encoder-pool.ts';
import { FetchedFiles, type ObjectToFetch, objectsToFetch } from './fetched-files.ts';
import { linesBeforeParts } from './lines-before.ts';
import { placingScanErrors } from './load-relations.ts';
import type { MachineLimits } from './machine-limits.ts';
import { canBePiped, PipedInput } from './piped-input.ts';
import { PipedInputs } from './piped-inputs.ts';
import { prepareSparse } from './prepare-sparse.ts';
import { readablePaths } from './readable-paths.ts';
import { type ScanNeeds, WholeFilesNeeded } from './scan-needs.ts';
import { inputStatements } from './scan-sql.ts';
import type { NumberMode } from './scan-values.ts';
import { SessionRelations } from './session-relations.ts';
import type { BytesOfInputs, SparseInputs } from './sparse-inputs.ts';
import { stageInput } from './stage-input.ts';
import { lockSession, openTaskSession, prepareLoading, prepareStreaming } from './task-session.ts';
import { openText, partMemories } from './text-source.ts';
import { verifyInputs } from './verify-inputs.ts';

export interface WorkerSessionOptions {
  /** What its tasks may read. */
  readonly inputs: readonly PlannedInput[];
  /** Inputs among them whose files were not listed: their folders are open to SQL. */
  readonly unlisted?: ReadonlySet<string>;
  readonly storage: Storage;
  readonly limits: MachineLimits;
  /** An existing folder of its own, for spilled and decompressed data. */
  readonly scratch: string;
  /** Where objects are fetched to, within `scratch`; by default a place of the session's own. */
  readonly fetched?: FetchedFiles;
  /** Further folders that SQL of the session may read and write. */
  readonly folders?: readonly string[];
  /** What earlier sessions over the same inputs have taught. */
  readonly needs?: ScanNeeds;
  /** Threads that encode beside this one. */
  readonly encoders?: number;
}

interface LoadedInput {
  readonly input: PlannedInput;
  /** The table that holds its rows: the input itself is not read again. */
  readonly table: string | undefined;
}

/**
 * One DuckDB with the relations that tasks read, closed to everything but its inputs and folders. Inputs are loaded when
 * they are first wanted and stay; what is made `forTask` goes with `endTask`.
 */
export class WorkerSession {
  readonly session: Session;
  readonly encoders: EncoderPool | undefined;
  readonly relations: SessionRelations;
  readonly #loader: Session;
  readonly #fetched: FetchedFiles;
  readonly #sparse: SparseInputs | undefined;
  readonly #options: WorkerSessionOptions;
  readonly #connections = new Set<Session>();
  readonly #loaded = new Map<string, LoadedInput>();
  readonly #narrowed: PlannedInput[] = [];
  /** What the task has fetched for itself. */
  #held: ObjectToFetch[] = [];
  readonly #piped = new PipedInputs();
  readonly #decoded: DecodedInputs;
  readonly #partMemories = partMemories();
  /** Those of the task. */
  #decodedForTask: DecodedInput[] = [];

  private constructor(parts: SessionParts, options: WorkerSessionOptions) {
    this.session = parts.session;
    this.relations = new SessionRelations(parts.session);
    this.#loader = parts.loader;
    this.encoders = parts.encoders;
    this.#sparse = parts.sparse;
    this.#options = options;
    const { storage, scratch, limits } = options;
    this.#decoded = new DecodedInputs(parts.session, limits.threads);
    this.#fetched = options.fetched ?? new FetchedFiles({ storage, folder: `${scratch}/fetched` });
  }

  static async open(options: WorkerSessionOptions): Promise<WorkerSession> {
    const session = await openTaskSession(options.limits, options.scratch);
    const loader = await session.connect();
    try {
      await prepareLoading(loader);
      const encoders = await startEncoders(session, options.encoders ?? 0);
      const sparse = await prepareSparse(session, loader, options);
      const { files, folders } = readablePaths(options);
      await lockSession(session, files, [options.scratch, ...folders, ...(options.folders ?? [])]);
      return new WorkerSession({ session, loader, encoders, sparse }, options);
    } catch (error) {
      await loader.close();
      await session.close();
      throw error;
    }
  }

  /** How far the running statement is, 0 to 100; -1 where it cannot be told. */
  percentage(): number {
    return Math.max(this.session.progress().percentage, this.#loader.progress().percentage);
  }

  isLoaded({ name }: PlannedInput): boolean {
    return this.#loaded.has(name);
  }

  /**
   * Makes an input available to SQL under its name, to all tasks.
   *
   * @throws PitwallError (`data`) when it is not as declared, or not the one that was planned; ExactScanNeeded,
   *   WholeFilesNeeded
   */
  async loadInput(planned: PlannedInput, materialise: boolean, signal: AbortSignal): Promise<void> {
    if (this.isLoaded(planned)) return;
    const { ordered } = inputStatements(planned);
    const isTable = materialise || ordered;
    const decoded = isTable ? await this.#decode(planned, ordered, signal) : undefined;
    const input = decoded ? planned : await this.#stage(planned, this.#options.scratch, signal);
    const numbers = this.#numbersOf(input);
    const { setup, table } = inputStatements(input, { materialise, numbers, scan: decoded?.scan });
    const loading = ordered ? this.#loader : this.session;
    await this.#unchanged([planned], () =>
      placingScanErrors(loading, [input], numbers, () =>
        this.#decoded.settledWith(() => runAll(loading, setup)),
      ),
    );
    if (decoded !== undefined) await this.#decoded.forget([decoded]);
    this.#loaded.set(input.name, { input, table });
  }

  /** Whether threads of ours decode an input, where it is read once or into a table. */
  decodes(planned: PlannedInput): boolean {
    return this.#decodedScan(planned) !== undefined;
  }

  /**
   * Makes an input available that one statement reads, and whose text is decoded, and fetched, while it reads. False where it
   * cannot be read so.
   */
  async decodeInput(planned: PlannedInput, signal: AbortSignal): Promise<boolean> {
    const decoded = await this.#decode(planned, false, signal);
    if (decoded === undefined) return false;
    const { setup } = inputStatements(planned, { scan: decoded.scan });
    await runAll(this.session, setup);
    this.#loaded.set(planned.name, { input: planned, table: undefined });
    return true;
  }

  /** Makes a part of an input available to the task under the input's name. */
  async narrowInput(planned: PlannedInput, scratch: string, signal: AbortSignal): Promise<void> {
    const decoded = await this.#decode(planned, false, signal);
    if (decoded !== undefined) this.#decodedForTask.push(decoded);
    const input = decoded ? planned : await this.#stage(planned, scratch, signal);
    if (decoded === undefined) this.#held.push(...objectsToFetch(planned));
    const numbers = this.#numbersOf(input);
    const { setup } = inputStatements(input, { numbers, temporary: true, scan: decoded?.scan });
    await runAll(this.session, setup);
    this.#narrowed.push(input);
    this.relations.hidesWhole(input.name);
  }

  /**
   * Makes an input available that one statement reads, and that is large text in an object store: DuckDB reads its first
   * parts while the last are being fetched. False where it cannot be read so.
   */
  async pipeInput(planned: PlannedInput, signal: AbortSignal): Promise<boolean> {
    const { storage, scratch } = this.#options;
    const options = { storage, scratch, fetched: this.#fetched, signal };
    const piped = canBePiped(planned) ? await PipedInput.open(planned, options) : undefined;
    if (piped === undefined) return false;
    this.#piped.add(piped);
    reach('task: inputs staged');
    const { input } = piped;
    const { setup } = inputStatements(input, { numbers: this.#numbersOf(input) });
    await runAll(this.session, setup);
    this.#watch();
    this.#loaded.set(input.name, { input, table: undefined });
    return true;
  }

  /** From now on each statement is looked at before it runs. */
  #watch(): void {
    const prepare = async (session: Session, sql: string, parameters: Parameters) => {
      await this.#sparse?.prepare(session, sql, parameters);
      await this.#decoded.prepare(session, sql, parameters);
      await this.#piped.prepare(session, sql, parameters);
    };
    for (const watched of [this.session, this.#loader]) watched.beforeStatements(prepare);
  }

  /** Begins to fetch objects that will be read soon. */
  prefetch(inputs: readonly PlannedInput[]): void {
    for (const input of inputs) this.#fetched.prefetch(objectsToFetch(input));
  }

  /** Waits until the objects of an input are there. */
  async fetchInput(planned: PlannedInput, signal: AbortSignal): Promise<void> {
    await Promise.all(objectsToFetch(planned).map((file) => this.#fetched.fetch(file, signal)));
  }

  /** The same rows of a step, where DuckDB finds them; those that lie in an object store until the end of the task. */
  async stageRows<T extends StepFilePart>(files: readonly T[], signal: AbortSignal): Promise<T[]> {
    return await mapConcurrent(files, objectsAtOnce(files[0]?.url ?? ''), async (file) => {
      if (!isRemote(file.url)) return file;
      const url = await this.#fetched.fetch(file, signal);
      this.#held.push(file);
      return { ...file, url };
    });
  }

  /**
   * Runs `work` of the task; an error of an input's scan is told with its file, line, column and value.
   *
   * @param reads - the inputs that the work reads
   * @throws ExactScanNeeded, WholeFilesNeeded, PitwallError (`data`) when an input changed since it was planned
   */
  async reading<T>(reads: readonly string[], work: () => Promise<T>): Promise<T> {
    const loaded = [...this.#loaded.values()];
    const staged = [...this.#narrowed, ...loaded.map(({ input }) => input)];
    const scanned = [
      ...this.#narrowed,
      ...loaded.filter(({ table }) => table === undefined).map(({ input }) => input),
    ];
    const linesBefore = linesBeforeParts(this.#options.storage);
    return this.#unchanged(
      scanned.filter(({ name }) => reads.includes(name)),
      () =>
        placingScanErrors(
          this.session,
          staged,
          'fast',
          () => this.#decoded.settledWith(() => this.#piped.arrivedWith(work)),
          linesBefore,
        ),
    );
  }

  #decodedScan(planned: PlannedInput): DecodedScan | undefined {
    return this.#options.needs?.undecoded.has(planned.name) ? undefined : decodedScan(planned);
  }

  /** `undefined` where DuckDB is to read the text itself. */
  async #decode(
    planned: PlannedInput,
    ordered: boolean,
    signal: AbortSignal,
  ): Promise<DecodedInput | undefined> {
    const { storage, scratch } = this.#options;
    const scan = this.#decodedScan(planned);
    if (scan === undefined) return undefined;
    await verifyInputs(storage, [planned]);
    const sources = { fetched: this.#fetched, memories: this.#partMemories, scratch, signal };
    const text = await openText(planned, sources);
    const decoded = await this.#decoded.open(planned, { scan, text, ordered });
    reach('task: inputs staged');
    this.#watch();
    return decoded;
  }

  async #stage(planned: PlannedInput, scratch: string, signal: AbortSignal): Promise<PlannedInput> {
    const { storage } = this.#options;
    await verifyInputs(storage, [planned]);
    const sparse = (await this.#sparse?.stage(planned, scratch, signal)) ?? planned;
    const staged = await stageInput(sparse, { scratch, storage, fetched: this.#fetched, signal });
    reach('task: inputs staged');
    return staged;
  }

  #numbersOf({ name }: PlannedInput): NumberMode {
    return this.#options.needs?.exact.has(name) ? 'exact' : 'fast';
  }

  /** That an input changed explains whatever error its scan ended with. */
  async #unchanged<T>(inputs: readonly PlannedInput[], work: () => Promise<T>): Promise<T> {
    const result = await work().catch(async (error: unknown) => {
      await verifyInputs(this.#options.storage, inputs);
      throw (await this.#sparse?.isHole(error)) ? new WholeFilesNeeded(error) : error;
    });
    await verifyInputs(this.#options.storage, inputs);
    return result;
  }

  /** What was staged of Parquet objects in stores so far. */
  async bytesOfInputs(): Promise<BytesOfInputs> {
    return (await this.#sparse?.bytes()) ?? { stored: 0, fetched: 0 };
  }

  /** Another connection, which `interrupt` reaches too, for the time of `use`. */
  async connected<T>(use: (connection: Session) => Promise<T>): Promise<T> {
    const connection = await this.session.connect();
    this.#connections.add(connection);
    try {
      return await use(connection);
    } finally {
      this.#connections.delete(connection);
      await connection.close();
    }
  }

  /** Stops what runs, at once; what comes afterwards has to be interrupted again. */
  interrupt(): void {
    for (const session of [this.session, this.#loader, ...this.#connections]) session.interrupt();
    this.encoders?.interrupt();
    this.#sparse?.interrupt();
    this.#piped.interrupt();
    this.#decoded.interrupt();
  }

  /**
   * Drops tables, and those of the inputs, which nothing reads any more: they take memory. The session cannot load these
   * inputs again.
   *
   * @throws DuckdbReaderNeeded; what a text could not be fetched for
   */
  async dropTables(names: readonly string[]): Promise<void> {
    await this.#decoded.forgetRead();
    const loaded = [...this.#loaded.values()].flatMap(({ table }) => table ?? []);
    for (const name of [...loaded, ...names])
      await this.session.run(`DROP TABLE IF EXISTS ${quoteIdentifier(name)}`);
  }

  /** Drops what was made for the task and takes room. */
  async endTask(): Promise<void> {
    await this.#decoded.forget(this.#decodedForTask.splice(0));
    for (const file of this.#held.splice(0)) await this.#fetched.release(file);
    for (const input of this.#narrowed.splice(0)) await this.#sparse?.forget(input);
    await this.relations.endTask();
  }

  async close(): Promise<void> {
    await this.encoders?.close();
    await this.#piped.close();
    await this.#decoded.stop();
    if (this.#options.fetched === undefined) await this.#fetched.close();
    await this.#sparse?.close();
    await this.#loader.close();
    await this.session.close();
    await this.#decoded.close();
  }
}

interface SessionParts {
  readonly session: Session;
  readonly loader: Session;
  readonly encoders: EncoderPool | undefined;
  readonly sparse: SparseInputs | undefined;
}

async function runAll(session: Session, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await session.run(statement);
}

async function startEncoders(session: Session, count: number): Promise<EncoderPool | undefined> {
  return count === 0 ? undefined : EncoderPool.start(session, count, prepareStreaming);
}

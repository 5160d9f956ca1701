import type { BatchName } from '../decode/batch-board.ts';
import type { BatchSource } from '../decode/decoding.ts';
import { type BatchPlace, NULLS_FOUND } from '../decode/row-layout.ts';
import type { SharedMemory } from '../web-assembly.ts';
import { addressOf } from './memory.ts';
import { StructMemory } from './struct-memory.ts';

const IS_NULLABLE = 2;
/** Of a feed, so that its number and a batch's are one number. */
const MOST_BATCHES = 2 ** 20;
const ARRAY_WORDS = 10;
const VIEW_FORMAT = 'vu';

/** Addresses of the functions that DuckDB calls; from any thread, they run on the one that made them. */
export interface FeedFunctions {
  readonly getSchema: bigint;
  readonly getNext: bigint;
  readonly lastError: bigint;
  readonly releaseStream: bigint;
  readonly releaseSchema: bigint;
  readonly releaseBatch: bigint;
  readonly releaseColumn: bigint;
}

export interface FeedOptions {
  readonly id: number;
  /** The name of the one column. */
  readonly column: string;
  readonly source: BatchSource;
  readonly functions: FeedFunctions;
}

/** What `batch` fills in when it is handed out. */
interface BatchStructs {
  readonly root: ArrayStruct;
  readonly row: ArrayStruct;
  readonly barrier: bigint;
  readonly fields: readonly FieldStruct[];
  readonly memory: SharedMemory;
}

/** An array of C structs whose children stay the same. */
interface ArrayStruct {
  readonly address: bigint;
  readonly children: number;
  readonly list: bigint;
}

interface FieldStruct {
  readonly address: bigint;
  readonly buffers: bigint;
  readonly bufferCount: number;
  /** Where the scanner counted nulls. */
  readonly nullsAt: number;
}

/**
 * The structs of Arrow's C stream and data interfaces for the batches of a source, that point into its memory.
 * https://arrow.apache.org/docs/format/CDataInterface.html
 *
 * All columns are fields of one struct, together with one of type null: into a struct that has such a field DuckDB (1.5.6)
 * pushes no conditions, which a stream would have to apply itself.
 */
export class FeedStructs {
  readonly stream: bigint;
  readonly schema: bigint;
  /** An array that is released already: the end of the stream. */
  readonly end: bigint;
  readonly #options: FeedOptions;
  readonly #memory: StructMemory;
  readonly #noBuffer: bigint;
  readonly #batches: readonly BatchStructs[];

  constructor(options: FeedOptions) {
    const { source, functions, id } = options;
    this.#options = options;
    this.#memory = new StructMemory(bytesOfStructs(source));
    const { getSchema, getNext, lastError, releaseStream } = functions;
    this.stream = this.#memory.words([getSchema, getNext, lastError, releaseStream, id]);
    this.schema = this.#writeSchema();
    this.end = this.#memory.words(new Array(ARRAY_WORDS).fill(0));
    this.#noBuffer = this.#memory.words([0]);
    this.#batches = source.memories.flatMap((memory) => this.#layOutThread(memory));
  }

  /** The array of a batch, good until it is released. */
  batch({ thread, batch }: BatchName, rows: number): bigint {
    const index = thread * this.#batchesPerThread + batch;
    const structs = this.#batches[index];
    if (structs === undefined) throw new RangeError(`there is no batch ${batch} of thread ${thread}`);
    const { releaseColumn, releaseBatch } = this.#options.functions;
    const view = new DataView(structs.memory.buffer);
    for (const { address, buffers, bufferCount, nullsAt } of structs.fields) {
      const nulls = view.getUint32(nullsAt, true);
      this.#memory.rewrite(address, [rows, nulls, 0, bufferCount, 0, buffers, 0, 0, releaseColumn, 0]);
    }
    this.#memory.rewrite(structs.barrier, [rows, rows, 0, 0, 0, 0, 0, 0, releaseColumn, 0]);
    this.#fill(structs.row, rows, releaseColumn, 0);
    this.#fill(structs.root, rows, releaseBatch, this.#options.id * MOST_BATCHES + index);
    return structs.root.address;
  }

  /** The batch whose number an array has as its private data. */
  nameOf(key: number): BatchName {
    const index = key % MOST_BATCHES;
    return {
      thread: Math.floor(index / this.#batchesPerThread),
      batch: index % this.#batchesPerThread,
    };
  }

  /** The feed of such a number. */
  static idOf(key: number): number {
    return Math.floor(key / MOST_BATCHES);
  }

  get #batchesPerThread(): number {
    return this.#options.source.layout.batches.length;
  }

  #fill({ address, children, list }: ArrayStruct, rows: number, release: bigint, key: number): void {
    this.#memory.rewrite(address, [rows, 0, 0, 1, children, this.#noBuffer, list, 0, release, key]);
  }

  #writeSchema(): bigint {
    const { column, source } = this.#options;
    const fields = source.layout.columns.flatMap(({ kind, format }, index) =>
      kind === 'skipped' ? [] : [this.#schemaOf(format, `c${index}`, [])],
    );
    const row = this.#schemaOf('+s', column, [...fields, this.#schemaOf('n', 'barrier', [])]);
    return this.#schemaOf('+s', '', [row]);
  }

  #schemaOf(format: string, name: string, children: readonly bigint[]): bigint {
    const memory = this.#memory;
    const [formatText, nameText] = [memory.text(format), memory.text(name)];
    const list = children.length === 0 ? 0 : memory.words(children);
    const { releaseSchema } = this.#options.functions;
    return memory.words([
      ...[formatText, nameText, 0, IS_NULLABLE, children.length, list, 0],
      ...[releaseSchema, 0],
    ]);
  }

  #layOutThread(memory: SharedMemory): BatchStructs[] {
    const base = addressOf(new Uint8Array(memory.buffer));
    return this.#options.source.layout.batches.map((place) => {
      const fields = this.#layOutFields(base, place);
      const barrier = this.#reserve();
      const row = this.#structOf([...fields.map(({ address }) => address), barrier]);
      return { root: this.#structOf([row.address]), row, barrier, fields, memory };
    });
  }

  #layOutFields(base: bigint, place: BatchPlace): FieldStruct[] {
    const { columns, textBytes } = this.#options.source.layout;
    return columns.flatMap(({ kind, format }, index) => {
      const at = place.places[index];
      if (kind === 'skipped' || at === undefined) return [];
      const [validity, values] = [base + BigInt(at.validity), base + BigInt(at.values)];
      const text = format === VIEW_FORMAT ? [base + BigInt(place.text), this.#memory.words([textBytes])] : [];
      const buffers = [validity, values, ...text];
      const field = { address: this.#reserve(), buffers: this.#memory.words(buffers) };
      return [{ ...field, bufferCount: buffers.length, nullsAt: at.column + NULLS_FOUND }];
    });
  }

  #structOf(children: readonly bigint[]): ArrayStruct {
    return { address: this.#reserve(), children: children.length, list: this.#memory.words(children) };
  }

  #reserve(): bigint {
    return this.#memory.words(new Array(ARRAY_WORDS).fill(0));
  }
}

/** More than the structs of a source take. */
function bytesOfStructs({ memories, layout }: BatchSource): number {
  const { length: columns } = layout.columns;
  const batch = (columns + 4) * (ARRAY_WORDS + 8) * 8;
  return memories.length * layout.batches.length * batch + (columns + 8) * 256;
}

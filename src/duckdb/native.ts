import koffi, { type LibraryHandle } from 'koffi';
import { loadLibrary } from './library.ts';

/** An address in native memory; `0n` and `null` are C's NULL. */
export type Pointer = bigint | null;

/** A C out parameter: the callee writes element 0. */
export type Out = [Pointer];

/** The C struct `duckdb_result`, opaque to us, handed back as it came. */
export type NativeResult = Record<string, never>;

/** The C struct `duckdb_query_progress_type`. */
export interface NativeProgress {
  readonly percentage: number;
  readonly rows_processed: number | bigint;
  readonly total_rows_to_process: number | bigint;
}

type Callback<T> = (error: Error | null, value: T) => void;
type Call<A extends unknown[], T> = ((...args: A) => T) & {
  async(...args: [...A, Callback<T>]): void;
};

/** The functions of DuckDB's C API that this room calls. https://duckdb.org/docs/stable/clients/c/api */
export interface Native {
  libraryVersion(): string;
  createConfig(out: Out): number;
  setConfig(config: Pointer, name: string, value: string): number;
  destroyConfig(config: Out): void;
  openExt: Call<[path: string, database: Out, config: Pointer, error: Out], number>;
  close: Call<[database: Out], void>;
  connect(database: Pointer, out: Out): number;
  disconnect(connection: Out): void;
  interrupt(connection: Pointer): void;
  queryProgress(connection: Pointer): NativeProgress;
  extractStatements(connection: Pointer, sql: string, out: Out): number | bigint;
  extractStatementsError(extracted: Pointer): string | null;
  prepareExtracted: Call<[connection: Pointer, extracted: Pointer, index: number, out: Out], number>;
  destroyExtracted(extracted: Out): void;
  prepareError(statement: Pointer): string | null;
  statementType(statement: Pointer): number;
  parameterCount(statement: Pointer): number | bigint;
  parameterName(statement: Pointer, index: number): Pointer;
  parameterIndex(statement: Pointer, out: [number | bigint], name: string): number;
  bindValue(statement: Pointer, index: number, value: Pointer): number;
  destroyPrepared(statement: Out): void;
  executePrepared: Call<[statement: Pointer, result: NativeResult], number>;
  executeStreaming: Call<[statement: Pointer, result: NativeResult], number>;
  destroyResult(result: NativeResult): void;
  resultError(result: NativeResult): string | null;
  columnCount(result: NativeResult): number | bigint;
  columnName(result: NativeResult, index: number): string;
  columnType(result: NativeResult, index: number): Pointer;
  fetchChunk: Call<[result: NativeResult], Pointer>;
  destroyChunk(chunk: Out): void;
  resultArrowOptions(result: NativeResult): Pointer;
  destroyArrowOptions(options: Out): void;
  toArrowSchema(options: Pointer, types: Pointer[], names: string[], count: number, out: Pointer): Pointer;
  chunkToArrow(options: Pointer, chunk: Pointer, out: Pointer): Pointer;
  errorMessage(error: Pointer): string;
  destroyError(error: Out): void;
  createLogicalType(id: number): Pointer;
  destroyLogicalType(type: Out): void;
  createNull(): Pointer;
  createBool(value: boolean): Pointer;
  createInt64(value: bigint): Pointer;
  createHugeint(value: { lower: bigint; upper: bigint }): Pointer;
  createUhugeint(value: { lower: bigint; upper: bigint }): Pointer;
  createDouble(value: number): Pointer;
  createVarchar(text: Uint8Array, byteLength: number): Pointer;
  createDate(value: { days: number }): Pointer;
  createTimestamp(value: { micros: bigint }): Pointer;
  createList(elementType: Pointer, values: Pointer[], count: number): Pointer;
  destroyValue(value: Out): void;
  arrowScan: Call<[connection: Pointer, view: string, stream: Pointer], number>;
  free(pointer: Pointer): void;
  /** Gives the address of `target`. */
  copyMemory(target: Uint8Array | Pointer, source: Uint8Array | Pointer, byteLength: number): bigint;
}

let loaded: Native | undefined;

/** The bound C API; the library is loaded at the first call. */
export function native(): Native {
  loaded ??= bind(loadLibrary());
  return loaded;
}

function defineStructs(): void {
  koffi.struct('duckdb_result', {
    a: 'uint64',
    b: 'uint64',
    c: 'uint64',
    d: 'void*',
    e: 'void*',
    f: 'void*',
  });
  koffi.struct('duckdb_progress', {
    percentage: 'double',
    rows_processed: 'uint64',
    total_rows_to_process: 'uint64',
  });
  koffi.struct('duckdb_hugeint', { lower: 'uint64', upper: 'int64' });
  koffi.struct('duckdb_uhugeint', { lower: 'uint64', upper: 'uint64' });
  koffi.struct('duckdb_date', { days: 'int32' });
  koffi.struct('duckdb_timestamp', { micros: 'int64' });
}

function bind(library: LibraryHandle): Native {
  defineStructs();
  const c = (declaration: string) => library.func(declaration);
  return {
    libraryVersion: c('const char* duckdb_library_version()'),
    createConfig: c('int duckdb_create_config(_Out_ void** config)'),
    setConfig: c('int duckdb_set_config(void* config, const char* name, const char* option)'),
    destroyConfig: c('void duckdb_destroy_config(_Inout_ void** config)'),
    openExt: c('int duckdb_open_ext(const char* path, _Out_ void** db, void* config, _Out_ void** error)'),
    close: c('void duckdb_close(_Inout_ void** db)'),
    connect: c('int duckdb_connect(void* db, _Out_ void** con)'),
    disconnect: c('void duckdb_disconnect(_Inout_ void** con)'),
    interrupt: c('void duckdb_interrupt(void* con)'),
    queryProgress: c('duckdb_progress duckdb_query_progress(void* con)'),
    extractStatements: c('uint64 duckdb_extract_statements(void* con, const char* sql, _Out_ void** out)'),
    extractStatementsError: c('const char* duckdb_extract_statements_error(void* extracted)'),
    prepareExtracted: c(
      'int duckdb_prepare_extracted_statement(void* con, void* extracted, uint64 index, _Out_ void** out)',
    ),
    destroyExtracted: c('void duckdb_destroy_extracted(_Inout_ void** extracted)'),
    prepareError: c('const char* duckdb_prepare_error(void* statement)'),
    statementType: c('int duckdb_prepared_statement_type(void* statement)'),
    parameterCount: c('uint64 duckdb_nparams(void* statement)'),
    parameterName: c('void* duckdb_parameter_name(void* statement, uint64 index)'),
    parameterIndex: c(
      'int duckdb_bind_parameter_index(void* statement, _Out_ uint64* index, const char* name)',
    ),
    bindValue: c('int duckdb_bind_value(void* statement, uint64 index, void* value)'),
    destroyPrepared: c('void duckdb_destroy_prepare(_Inout_ void** statement)'),
    executePrepared: c('int duckdb_execute_prepared(void* statement, _Out_ duckdb_result* result)'),
    executeStreaming: c(
      'int duckdb_execute_prepared_streaming(void* statement, _Out_ duckdb_result* result)',
    ),
    destroyResult: c('void duckdb_destroy_result(_Inout_ duckdb_result* result)'),
    resultError: c('const char* duckdb_result_error(duckdb_result* result)'),
    columnCount: c('uint64 duckdb_column_count(duckdb_result* result)'),
    columnName: c('const char* duckdb_column_name(duckdb_result* result, uint64 index)'),
    columnType: c('void* duckdb_column_logical_type(duckdb_result* result, uint64 index)'),
    fetchChunk: c('void* duckdb_fetch_chunk(duckdb_result result)'),
    destroyChunk: c('void duckdb_destroy_data_chunk(_Inout_ void** chunk)'),
    resultArrowOptions: c('void* duckdb_result_get_arrow_options(duckdb_result* result)'),
    destroyArrowOptions: c('void duckdb_destroy_arrow_options(_Inout_ void** options)'),
    toArrowSchema: c(
      'void* duckdb_to_arrow_schema(void* options, void** types, const char** names, uint64 count, void* out)',
    ),
    chunkToArrow: c('void* duckdb_data_chunk_to_arrow(void* options, void* chunk, void* out)'),
    errorMessage: c('const char* duckdb_error_data_message(void* error)'),
    destroyError: c('void duckdb_destroy_error_data(_Inout_ void** error)'),
    createLogicalType: c('void* duckdb_create_logical_type(int id)'),
    destroyLogicalType: c('void duckdb_destroy_logical_type(_Inout_ void** type)'),
    createNull: c('void* duckdb_create_null_value()'),
    createBool: c('void* duckdb_create_bool(bool value)'),
    createInt64: c('void* duckdb_create_int64(int64 value)'),
    createHugeint: c('void* duckdb_create_hugeint(duckdb_hugeint value)'),
    createUhugeint: c('void* duckdb_create_uhugeint(duckdb_uhugeint value)'),
    createDouble: c('void* duckdb_create_double(double value)'),
    createVarchar: c('void* duckdb_create_varchar_length(const void* text, uint64 length)'),
    createDate: c('void* duckdb_create_date(duckdb_date value)'),
    createTimestamp: c('void* duckdb_create_timestamp(duckdb_timestamp value)'),
    createList: c('void* duckdb_create_list_value(void* type, void** values, uint64 count)'),
    destroyValue: c('void duckdb_destroy_value(_Inout_ void** value)'),
    arrowScan: c('int duckdb_arrow_scan(void* con, const char* view, void* stream)'),
    free: c('void duckdb_free(void* pointer)'),
    copyMemory: bindCopyMemory(),
  };
}

function bindCopyMemory(): Native['copyMemory'] {
  const cRuntime = koffi.load(process.platform === 'win32' ? 'ucrtbase.dll' : null);
  return cRuntime.func('void* memcpy(void* target, const void* source, size_t length)');
}

/** Runs a blocking C function on a thread of its own, so that the event loop stays free. */
export function callAsync<A extends unknown[], T>(call: Call<A, T>, ...args: A): Promise<T> {
  return new Promise((resolve, reject) => {
    call.async(...args, (error, value) => (error === null ? resolve(value) : reject(error)));
  });
}

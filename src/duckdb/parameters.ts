import { PitwallError } from '../error.ts';
import { native, type Out, type Pointer } from './native.ts';

/** A value of a type that JavaScript cannot tell: an ISO date, an ISO timestamp without zone, a whole DOUBLE. */
export interface TypedValue {
  readonly type: 'DATE' | 'TIMESTAMP' | 'DOUBLE';
  readonly value: string;
}

/** Whole numbers are bound as BIGINT (bigints beyond as HUGEINT or UHUGEINT), others as DOUBLE. */
export type ParameterValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | TypedValue
  | readonly ParameterValue[];

/** Values by parameter name, without the `$`. */
export type Parameters = Readonly<Record<string, ParameterValue>>;

/** Ids of `duckdb_type` in duckdb.h. */
const TYPE_IDS = {
  BOOLEAN: 1,
  BIGINT: 5,
  DOUBLE: 11,
  TIMESTAMP: 12,
  DATE: 13,
  HUGEINT: 16,
  VARCHAR: 17,
  UHUGEINT: 32,
  SQLNULL: 36,
} as const;

type TypeName = keyof typeof TYPE_IDS;

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const INT128_MIN = -(2n ** 127n);
const INT128_MAX = 2n ** 127n - 1n;
const UINT128_MAX = 2n ** 128n - 1n;
const MS_PER_DAY = 86_400_000;

/** Calls `use` with a `duckdb_value` that is released afterwards. */
export function withNativeValue<T>(value: ParameterValue, use: (handle: Pointer) => T): T {
  const handle: Out = [createValue(value)];
  try {
    return use(handle[0]);
  } finally {
    native().destroyValue(handle);
  }
}

function createValue(value: ParameterValue): Pointer {
  const c = native();
  if (value === null) return c.createNull();
  if (typeof value === 'boolean') return c.createBool(value);
  if (typeof value === 'number')
    return Number.isSafeInteger(value) ? c.createInt64(BigInt(value)) : c.createDouble(value);
  if (typeof value === 'bigint') return createInteger(value);
  if (typeof value === 'string') return createText(value);
  return isList(value) ? createList(value) : createTyped(value);
}

function createText(text: string): Pointer {
  const bytes = new TextEncoder().encode(text);
  return native().createVarchar(bytes, bytes.length);
}

function createInteger(value: bigint): Pointer {
  const type = integerType(value);
  if (type === 'BIGINT') return native().createInt64(value);
  const halves = { lower: BigInt.asUintN(64, value), upper: value >> 64n };
  return type === 'HUGEINT' ? native().createHugeint(halves) : native().createUhugeint(halves);
}

function integerType(value: bigint): 'BIGINT' | 'HUGEINT' | 'UHUGEINT' {
  if (value >= INT64_MIN && value <= INT64_MAX) return 'BIGINT';
  if (value >= INT128_MIN && value <= INT128_MAX) return 'HUGEINT';
  if (value >= 0n && value <= UINT128_MAX) return 'UHUGEINT';
  throw new PitwallError('job', `parameter value ${value} does not fit in 128 bits; pass it as text`);
}

function createTyped({ type, value }: TypedValue): Pointer {
  if (type === 'DOUBLE') return native().createDouble(Number(value));
  const milliseconds = parseIso(type, value);
  if (type === 'DATE') return native().createDate({ days: Math.floor(milliseconds / MS_PER_DAY) });
  return native().createTimestamp({ micros: BigInt(milliseconds) * 1000n + extraMicroseconds(value) });
}

function parseIso(type: 'DATE' | 'TIMESTAMP', value: string): number {
  const form =
    type === 'DATE' ? /^\d{4}-\d{2}-\d{2}$/ : /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?$/;
  const text = type === 'DATE' ? `${value}T00:00:00` : value.replace(' ', 'T');
  const milliseconds = form.test(value) ? Date.parse(`${text.slice(0, 23)}Z`) : Number.NaN;
  const sameDay =
    !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString().startsWith(value.slice(0, 10));
  if (sameDay) return milliseconds;
  const example = type === 'DATE' ? '2024-07-07' : '2024-07-07T14:00:00';
  throw new PitwallError(
    'job',
    `"${value}" is no ${type}: expected the form ${example} and a day that exists`,
  );
}

/** Fraction digits 4 to 6, which `Date` does not hold. */
function extraMicroseconds(value: string): bigint {
  const fraction = value.split('.')[1] ?? '';
  return BigInt(fraction.padEnd(6, '0').slice(3, 6));
}

function isList(value: TypedValue | readonly ParameterValue[]): value is readonly ParameterValue[] {
  return Array.isArray(value);
}

function createList(values: readonly ParameterValue[]): Pointer {
  const c = native();
  const type = createListType(values);
  const handles = values.map((value): Out => [createValue(value)]);
  try {
    return c.createList(
      type[0],
      handles.map(([handle]) => handle),
      handles.length,
    );
  } finally {
    c.destroyLogicalType(type);
    for (const handle of handles) c.destroyValue(handle);
  }
}

function createListType(values: readonly ParameterValue[]): Out {
  const types = new Set(values.filter((value) => value !== null).map(typeName));
  return [native().createLogicalType(TYPE_IDS[commonType(types)])];
}

function typeName(value: Exclude<ParameterValue, null>): TypeName {
  if (typeof value === 'boolean') return 'BOOLEAN';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'BIGINT' : 'DOUBLE';
  if (typeof value === 'bigint') return integerType(value);
  if (typeof value === 'string') return 'VARCHAR';
  if (isList(value))
    throw new PitwallError('job', 'a parameter list cannot hold lists; pass it as JSON text');
  return value.type;
}

/** Numbers widen to the first of these that is present; anything else must be of one type. */
const WIDENING: readonly TypeName[] = ['DOUBLE', 'UHUGEINT', 'HUGEINT', 'BIGINT'];

function commonType(types: ReadonlySet<TypeName>): TypeName {
  if (types.size === 0) return 'SQLNULL';
  const [only] = types;
  if (types.size === 1 && only !== undefined) return only;
  const widest = WIDENING.find((type) => types.has(type));
  if (widest !== undefined && [...types].every((type) => WIDENING.includes(type))) return widest;
  throw new PitwallError('job', `a parameter list needs values of one type, got ${[...types].join(' and ')}`);
}

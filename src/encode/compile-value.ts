import {
  type DataType,
  type Date_,
  DateUnit,
  type Decimal,
  type Dictionary,
  type Duration,
  type Field,
  type FixedSizeList,
  type Float,
  type Int,
  type Interval,
  IntervalUnit,
  type List,
  type Map_,
  Precision,
  type Struct,
  type Time,
  type Timestamp,
  Type,
  type Union,
} from 'apache-arrow';
import { bindSpans } from './byte-spans.ts';
import type { DataTypeId } from './data-type-id.ts';
import { bigNumberWriter, writeBase64, writeBitString, writeUuid } from './encode-binary.ts';
import { bindDouble, bindHalf, bindSingle } from './encode-float.ts';
import {
  bindBit,
  bindByteBoolean,
  bindDecimal,
  bindSmallInteger,
  bindWideInteger,
} from './encode-integer.ts';
import { bindDayTime, bindDuration, bindMonthDayNano, bindYearMonth } from './encode-interval.ts';
import { jsonValueWriter } from './encode-json-text.ts';
import {
  bindDictionary,
  bindFixedSizeList,
  bindList,
  bindNull,
  bindPairMap,
  bindStruct,
  bindTextMap,
  bindTuple,
  bindUnion,
} from './encode-nested.ts';
import { bindDay, bindMillisecondDay, bindTime, bindTimestamp, bindZonedTime } from './encode-temporal.ts';
import { writeJsonText, writePlainText } from './encode-text.ts';
import { type ExtensionName, extensionOf } from './extension.ts';
import { layoutOf } from './layout.ts';
import { type BindValue, quoteInJson, skipNulls, type ValueRules } from './value-writer.ts';

type Compile = (field: Field, rules: ValueRules) => BindValue;

const BY_TYPE: Record<DataTypeId, Compile> = {
  [Type.Null]: () => bindNull,
  [Type.Int]: compileInteger,
  [Type.Float]: compileFloat,
  [Type.Binary]: compileBinary,
  [Type.LargeBinary]: compileBinary,
  [Type.BinaryView]: compileBinary,
  [Type.FixedSizeBinary]: compileBinary,
  [Type.Utf8]: compileText,
  [Type.LargeUtf8]: compileText,
  [Type.Utf8View]: compileText,
  [Type.Bool]: () => bindBit,
  [Type.Decimal]: compileDecimal,
  [Type.Date]: compileDate,
  [Type.Time]: compileTime,
  [Type.Timestamp]: compileTimestamp,
  [Type.Interval]: compileInterval,
  [Type.Duration]: ({ type }, rules) => quoteBound(bindDuration((type as Duration).unit), rules),
  [Type.List]: compileList,
  [Type.LargeList]: compileList,
  [Type.FixedSizeList]: compileFixedSizeList,
  [Type.Struct]: compileStruct,
  [Type.Map]: compileMap,
  [Type.Union]: compileUnion,
  [Type.Dictionary]: compileDictionary,
};

const BY_EXTENSION: Record<ExtensionName, Compile> = {
  uuid: ({ type }, rules) => quoteBound(bindSpans(type.typeId, writeUuid), rules),
  json: compileJson,
  bool8: () => bindByteBoolean,
  hugeint: (_field, rules) => bindWideInteger(4, true, rules),
  uhugeint: (_field, rules) => bindWideInteger(4, false, rules),
  time_tz: (_field, rules) => quoteBound(bindZonedTime, rules),
  bit: ({ type }, rules) => quoteBound(bindSpans(type.typeId, writeBitString), rules),
  bignum: ({ type }, rules) => bindSpans(type.typeId, bigNumberWriter(rules)),
};

/** How the values of a column, or of a part of one, are written, NULLs included. */
export function compileValue(field: Field, rules: ValueRules): BindValue {
  const extension = extensionOf(field);
  const compile =
    extension === undefined ? BY_TYPE[field.type.typeId as DataTypeId] : BY_EXTENSION[extension];
  return skipNulls(compile(field, rules));
}

function quoteBound(bind: BindValue, rules: ValueRules): BindValue {
  return (data) => quoteInJson(bind(data), rules);
}

function compileInteger({ type }: Field, rules: ValueRules): BindValue {
  const { bitWidth, isSigned } = type as Int;
  return bitWidth === 64 ? bindWideInteger(2, isSigned, rules) : bindSmallInteger;
}

function compileFloat({ type }: Field, rules: ValueRules): BindValue {
  const { precision } = type as Float;
  if (precision === Precision.DOUBLE) return bindDouble(rules);
  return precision === Precision.SINGLE ? bindSingle(rules) : bindHalf(rules);
}

function compileDecimal({ type }: Field): BindValue {
  const { bitWidth, scale } = type as Decimal;
  return bindDecimal(bitWidth, scale);
}

function compileText({ type }: Field, rules: ValueRules): BindValue {
  return bindSpans(type.typeId, rules.notation === 'json' ? writeJsonText : writePlainText);
}

function compileJson({ type }: Field, rules: ValueRules): BindValue {
  return bindSpans(type.typeId, rules.notation === 'json' ? jsonValueWriter(rules) : writePlainText);
}

function compileBinary({ type }: Field, rules: ValueRules): BindValue {
  return quoteBound(bindSpans(type.typeId, writeBase64), rules);
}

function compileDate({ type }: Field, rules: ValueRules): BindValue {
  const isDays = (type as Date_).unit === DateUnit.DAY;
  return isDays ? bindDay(rules) : quoteBound(bindMillisecondDay, rules);
}

function compileTime({ type }: Field, rules: ValueRules): BindValue {
  const { unit, bitWidth } = type as Time;
  return quoteBound(bindTime(unit, bitWidth), rules);
}

function compileTimestamp({ type }: Field, rules: ValueRules): BindValue {
  const { unit, timezone } = type as Timestamp;
  return bindTimestamp(unit, Boolean(timezone), rules);
}

function compileInterval({ type }: Field, rules: ValueRules): BindValue {
  const { unit } = type as Interval;
  if (unit === IntervalUnit.MONTH_DAY_NANO) return quoteBound(bindMonthDayNano, rules);
  return quoteBound(unit === IntervalUnit.DAY_TIME ? bindDayTime : bindYearMonth, rules);
}

function compileList({ type }: Field, rules: ValueRules): BindValue {
  const element = (type as List).valueField;
  return bindList(compileValue(element, below(rules)), layoutOf('[]', rules));
}

function compileFixedSizeList({ type }: Field, rules: ValueRules): BindValue {
  const { listSize, valueField } = type as FixedSizeList;
  return bindFixedSizeList(listSize, compileValue(valueField, below(rules)), layoutOf('[]', rules));
}

function compileStruct({ type }: Field, rules: ValueRules): BindValue {
  const fields = (type as Struct).children;
  const binds = fields.map((field) => compileValue(field, below(rules)));
  const isTuple = fields.length > 0 && fields.every(({ name }) => name === '');
  if (isTuple) return bindTuple(binds, layoutOf('[]', rules));
  const named = fields.map(({ name }, at) => ({ name, bind: binds[at]! }));
  const bind = bindStruct(named, layoutOf('{}', rules));
  return (data) => bind(data.children);
}

function compileMap({ type }: Field, rules: ValueRules): BindValue {
  const [key, item] = (type as Map_).childType.children as [Field, Field];
  const inner = below(rules);
  if (isText(key))
    return bindTextMap(compileValue(key, inner), compileValue(item, inner), layoutOf('{}', rules));
  const [bindKey, bindItem] = [key, item].map((part) => compileValue(part, below(inner)));
  return bindPairMap(bindKey!, bindItem!, layoutOf('[]', rules), layoutOf('[]', inner));
}

function isText(field: Field): boolean {
  if (extensionOf(field) !== undefined) return false;
  const { typeId } = valueTypeOf(field.type);
  return typeId === Type.Utf8 || typeId === Type.LargeUtf8 || typeId === Type.Utf8View;
}

function valueTypeOf(type: DataType): DataType {
  return type.typeId === Type.Dictionary ? (type as Dictionary).dictionary : type;
}

function compileUnion({ type }: Field, rules: ValueRules): BindValue {
  return bindUnion((type as Union).children.map((field) => compileValue(field, rules)));
}

function compileDictionary(field: Field, rules: ValueRules): BindValue {
  const entry = field.clone({ type: (field.type as Dictionary).dictionary });
  return bindDictionary(compileValue(entry, rules));
}

/** The rules one level further in: inside a value of a CSV cell all is JSON. */
function below(rules: ValueRules): ValueRules {
  return { ...rules, notation: 'json', depth: rules.depth + 1 };
}

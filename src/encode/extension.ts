import { type DataType, type Field, type FixedSizeBinary, Type } from 'apache-arrow';

/** Types that Arrow lacks: an Arrow type carries them and the field's metadata names them. */
export type ExtensionName = 'uuid' | 'json' | 'bool8' | 'hugeint' | 'uhugeint' | 'time_tz' | 'bit' | 'bignum';

/** The storage that each extension has; a field of another type is written as what it is. */
const STORAGE: Record<ExtensionName, (type: DataType) => boolean> = {
  uuid: isBytesOf(16),
  json: isOneOf(Type.Utf8, Type.LargeUtf8, Type.Utf8View),
  bool8: isOneOf(Type.Int),
  hugeint: isBytesOf(16),
  uhugeint: isBytesOf(16),
  time_tz: isBytesOf(8),
  bit: isOneOf(Type.Binary, Type.LargeBinary, Type.BinaryView),
  bignum: isOneOf(Type.Binary, Type.LargeBinary, Type.BinaryView),
};

/**
 * The extension that a field's metadata names, if it is one of those known here: a canonical one
 * (https://arrow.apache.org/docs/format/CanonicalExtensions.html) or one of DuckDB's under `arrow.opaque`.
 */
export function extensionOf(field: Field): ExtensionName | undefined {
  const name = extensionName(field);
  return name !== undefined && isKnown(name) && STORAGE[name](field.type) ? name : undefined;
}

function extensionName({ metadata }: Field): string | undefined {
  const name = metadata.get('ARROW:extension:name');
  if (name === 'arrow.opaque') return opaqueName(metadata.get('ARROW:extension:metadata') ?? '{}');
  return name?.startsWith('arrow.') ? name.slice('arrow.'.length) : undefined;
}

function opaqueName(json: string): string | undefined {
  const { type_name, vendor_name } = JSON.parse(json) as { type_name?: string; vendor_name?: string };
  return vendor_name === 'DuckDB' ? type_name : undefined;
}

function isKnown(name: string): name is ExtensionName {
  return Object.hasOwn(STORAGE, name);
}

function isBytesOf(width: number) {
  return (type: DataType) =>
    type.typeId === Type.FixedSizeBinary && (type as FixedSizeBinary).byteWidth === width;
}

function isOneOf(...typeIds: Type[]) {
  return (type: DataType) => typeIds.includes(type.typeId);
}

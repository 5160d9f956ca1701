import type { Type } from 'apache-arrow';

/** The type ids that data has; apache-arrow's other ids only narrow its TypeScript types. */
export type DataTypeId =
  | Type.Null
  | Type.Int
  | Type.Float
  | Type.Binary
  | Type.Utf8
  | Type.Bool
  | Type.Decimal
  | Type.Date
  | Type.Time
  | Type.Timestamp
  | Type.Interval
  | Type.List
  | Type.Struct
  | Type.Union
  | Type.FixedSizeBinary
  | Type.FixedSizeList
  | Type.Map
  | Type.Duration
  | Type.LargeBinary
  | Type.LargeUtf8
  | Type.LargeList
  | Type.BinaryView
  | Type.Utf8View
  | Type.Dictionary;

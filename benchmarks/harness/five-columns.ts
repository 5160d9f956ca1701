/**
 * SQL that makes the table `five_columns` of `rows` rows, the same on every DuckDB: an INTEGER, a BIGINT that a
 * JavaScript number holds exactly (JSON.stringify knows no others), a DOUBLE, a text of 20 characters (DuckDB
 * stores those of over 12 apart) and a TIMESTAMP of whole milliseconds.
 */
export function fiveColumnsSql(rows: number): string {
  return `CREATE TABLE five_columns AS SELECT
    (i * 7919 % 1000003)::INTEGER AS id,
    900000000000 + i * 1000003 AS big,
    (i * 31 % 1000000) / 1000 AS score,
    printf('driver %013d', i) AS name,
    make_timestamp(1000 * (1700000000000 + i * 1237)) AS started
  FROM range(${rows}) AS t(i)`;
}

export const FIVE_COLUMNS_QUERY = 'SELECT id, big, score, name, started FROM five_columns';

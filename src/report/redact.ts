import { escapeRegExp } from '../storage/escape-reg-exp.ts';

/** Replaces the secrets in a text by `***`. */
export type Redact = (text: string) => string;

const HIDDEN = '***';

/** Shorter values, such as `1` or `test`, are in too many other words to be told from them. */
const LEAST_LENGTH = 6;

const SECRET_NAME =
  /(?:^|[_-])(?:secret|token|passw(?:or)?d|passphrase|pwd|credentials?|auth|cookie|apikey|sas|dsn|(?:api|access|private|secret|account|encryption|signing|license)[_-]?key)(?:[_-]|$)/i;
/** Names of the working directory, and of places that hold secrets, not secrets themselves. */
const PLACE_NAME = /^(?:OLD)?PWD$|_(?:file|path|dir|sock)$/i;

/** `scheme://user:password@host`; the password may hold slashes that nobody encoded. */
const USERINFO = /\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/?#@"']+|[^\s/:?#@"']+:[^\s@"']*)@/gi;
const SIGNED_PARAMETER =
  /([?&](?:x-(?:amz|goog)-(?:signature|credential|security-token)|signature|sig|awsaccesskeyid|googleaccessid|key-pair-id|policy|(?:access_?|auth_?|security_?|session_?)?token|(?:api_?|access_?)?key|secret|password)=)[^&#\s"']+/gi;
const AUTHORIZATION = /\b(bearer|basic)\s+[a-z0-9._~+/=-]{8,}/gi;
/** `SECRET 'abc'`, as DuckDB repeats a statement that it cannot read. */
const SQL_SECRET =
  /\b((?:key_id|secret|session_token|token|password|passphrase|connection_string)\s*(?:=>|:=|=)?\s*)'(?:[^']|'')*'/gi;

/**
 * A function that hides the values of environment variables whose names look like secrets, the userinfo and signed
 * parameters of URLs, credentials of HTTP headers, and secrets in SQL. What a name does not give away stays.
 */
export function createRedactor(env: Readonly<Record<string, string | undefined>> = process.env): Redact {
  const values = secretValues(env);
  const known = values.length === 0 ? undefined : new RegExp(values.map(escapeRegExp).join('|'), 'g');
  return (text) =>
    (known === undefined ? text : text.replace(known, HIDDEN))
      .replace(USERINFO, `$1${HIDDEN}@`)
      .replace(SIGNED_PARAMETER, `$1${HIDDEN}`)
      .replace(AUTHORIZATION, `$1 ${HIDDEN}`)
      .replace(SQL_SECRET, `$1'${HIDDEN}'`);
}

/** A document as one line of JSON, without the secrets in its texts and those that the names of its keys tell. */
export function redactedJson(document: unknown, redact: Redact): string {
  return JSON.stringify(document, (key, value: unknown) => {
    if (typeof value !== 'string') return value;
    return looksSecret(key) ? HIDDEN : redact(value);
  });
}

/** Longest first: one secret may begin another. A key of several lines is also hidden line by line. */
function secretValues(env: Readonly<Record<string, string | undefined>>): string[] {
  const values = Object.entries(env)
    .filter(([name]) => looksSecret(name))
    .flatMap(([, value = '']) => [value, encodeURIComponent(value), ...value.split(/\s*\n\s*/)]);
  const long = values.filter((value) => value.length >= LEAST_LENGTH);
  return [...new Set(long)].sort((a, b) => b.length - a.length);
}

function looksSecret(name: string): boolean {
  return SECRET_NAME.test(name) && !PLACE_NAME.test(name);
}

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON values; numbers that JavaScript would round are kept as their digits. */
export function parseExactly(text: string): unknown {
  return JSON.parse(
    text.replace(STRING_OR_NUMBER, (token) => (isRounded(token) ? JSON.stringify(`number ${token}`) : token)),
  );
}

function isRounded(token: string): boolean {
  return !token.startsWith('"') && token.replace(/^-?0*\.?0*|\.|[eE].*$/g, '').length > 15;
}

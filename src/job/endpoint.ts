/** What is wrong with the address of an object store; `undefined` when nothing is. It may hold a secret: it is not repeated. */
export function endpointProblem(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return 'expected an address like https://s3.example.com:9000';
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    return 'expected an address alone, without user, password or query; give credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile';
  return undefined;
}

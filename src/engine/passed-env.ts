const PASSED =
  /^(?:PATH|HOME|USER|LOGNAME|LANG|LC_.*|TZ|TMPDIR|AWS_.*|PITWALL_.*|NODE_EXTRA_CA_CERTS|SSL_CERT_(?:FILE|DIR)|(?:https?|no)_proxy|(?:HTTPS?|NO)_PROXY)$/;

/** The names of what is passed from the environment to tasks on a cluster: nothing else reaches them. */
export function passedNames(env: NodeJS.ProcessEnv): string[] {
  return Object.keys(env).filter((name) => PASSED.test(name));
}

/** These belong to the machine that a task is on. */
const OF_MACHINE = new Set(['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR']);

/** The same with their values, for machines that have their own PATH and users. */
export function passedEnv(env: NodeJS.ProcessEnv): Record<string, string> {
  const names = passedNames(env).filter((name) => !OF_MACHINE.has(name));
  return Object.fromEntries(names.map((name) => [name, env[name] ?? '']));
}

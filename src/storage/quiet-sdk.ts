/** The AWS SDK warns of the releases of Node that it will give up; what users can do about that, the README says. */
export function quietSdk(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
}

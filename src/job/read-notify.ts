import type { Notice, NotifyTarget } from './job.ts';
import type { RenderContext } from './job-context.ts';
import type { NotifyFile } from './notify-file.ts';
import { checkPathParams, isRenderable, paramText, parseTemplate } from './path-template.ts';
import type { JobShape } from './shape.ts';
import type { YamlPath } from './yaml-source.ts';

const TARGETS = ['sns', 'webhook', 'webhook_env'] as const;

/** Reads who is told of the end of a run, and reports targets that cannot be one. */
export function readNotify({ file, isBroken }: JobShape, context: RenderContext): Notice[] {
  const { notify } = file;
  if (notify === undefined) return [];
  if (!Array.isArray(notify)) return isBroken(['notify']) ? [] : readNotices(notify, ['notify'], context);
  return notify.flatMap((written, index) => {
    const path = ['notify', index];
    return isBroken(path) ? [] : readNotices(written, path, context);
  });
}

function readNotices(written: NotifyFile, path: YamlPath, context: RenderContext): Notice[] {
  const given = TARGETS.filter((key) => written[key] !== undefined);
  if (given.length === 0)
    context.report.error(
      context.source.place(path),
      'nobody is told: add "sns", "webhook" or "webhook_env" beside "on"',
    );
  return given.flatMap((key) => {
    const target = readTarget(key, written[key] ?? '', [...path, key], context);
    return target === undefined ? [] : [{ on: written.on, target }];
  });
}

function readTarget(
  key: (typeof TARGETS)[number],
  text: string,
  path: YamlPath,
  context: RenderContext,
): NotifyTarget | undefined {
  if (key === 'webhook_env') return { kind: 'webhook_env', variable: text };
  const pieces = parseTemplate(text);
  checkPathParams(pieces, path, context);
  if (!isRenderable(pieces, context.params)) return undefined;
  const rendered = pieces
    .map((piece) => (piece.kind === 'param' ? paramText(piece.name, context.params) : piece.text))
    .join('');
  const problem = key === 'sns' ? topicProblem(rendered) : urlProblem(rendered);
  if (problem !== undefined) context.report.error(context.source.place(path), problem);
  return key === 'sns' ? { kind: 'sns', topic: rendered } : { kind: 'webhook', url: rendered };
}

/** https://docs.aws.amazon.com/sns/latest/dg/sns-create-topic.html */
const TOPIC = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$/;

function topicProblem(arn: string): string | undefined {
  if (TOPIC.test(arn)) return undefined;
  return `expected the ARN of an SNS topic, like arn:aws:sns:eu-west-1:123456789012:pitwall, got "${arn}"`;
}

/** Its secrets are not repeated: what is wrong of a URL is its beginning. */
function urlProblem(url: string): string | undefined {
  const expected = 'expected a URL that begins with https:// or http://';
  if (!/^https?:\/\//i.test(url))
    return `${expected}, got "${url.slice(0, 12)}${url.length > 12 ? '…' : ''}"`;
  if (!URL.canParse(url)) return `${expected} and has a host, got one that cannot be read`;
  const { username, password } = new URL(url);
  if (username === '' && password === '') return undefined;
  return 'expected a URL without a user name and password, which are not sent; put a token into its path or query';
}

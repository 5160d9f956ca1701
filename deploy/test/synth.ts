import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ImageStack } from '../src/image-stack.ts';
import { PitwallStack } from '../src/pitwall-stack.ts';
import { settingsOf } from '../src/settings.ts';

interface CdkFile {
  readonly context: Readonly<Record<string, unknown>>;
}

/** What cdk.json gives the app. */
export const CONTEXT = (JSON.parse(readFileSync(new URL('../cdk.json', import.meta.url), 'utf8')) as CdkFile)
  .context;

/** A resource of a template. */
export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
}

/** The templates of both stacks, with settings over those of cdk.json. */
export function synthesise(settings: Readonly<Record<string, unknown>> = {}): {
  image: Template;
  pitwall: Template;
} {
  const app = new App({ context: { ...CONTEXT, ...settings }, outdir: undefined });
  const image = new ImageStack(app, 'PitwallImage');
  const pitwall = new PitwallStack(app, 'Pitwall', {
    repository: image.repository,
    settings: settingsOf(app.node),
  });
  return { image: Template.fromStack(image), pitwall: Template.fromStack(pitwall) };
}

export function resourcesOf(template: Template, type?: string): Map<string, Resource> {
  const { Resources } = template.toJSON() as { Resources: Record<string, Resource> };
  return new Map(
    Object.entries(Resources).filter(([, resource]) => type === undefined || resource.Type === type),
  );
}

/** The only resource of a type. */
export function onlyOf(template: Template, type: string): Resource {
  const [resource, another] = [...resourcesOf(template, type).values()];
  if (resource === undefined || another !== undefined) throw new Error(`expected one ${type}`);
  return resource;
}

/** Everything that a deployment can ask for. */
export const FULL = {
  inputBuckets: ['raw-results'],
  schedules: [
    {
      name: 'nightly',
      schedule: 'cron(0 4 * * ? *)',
      job: 'race_stats',
      params: { out: 's3://{bucket}/out' },
    },
  ],
  triggers: [
    { prefix: 'incoming/year={year}/', job: 'race_stats', params: { source: 's3://{bucket}/incoming' } },
    { prefix: 'orders/', job: 'sales' },
  ],
  notifyEmail: 'races@example.com',
};

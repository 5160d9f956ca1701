import type { Template } from 'aws-cdk-lib/assertions';
import { type Resource, resourcesOf } from './synth.ts';

/** A statement of a policy, its lists as lists. */
export interface Statement {
  readonly owner: string;
  readonly effect: string;
  readonly actions: readonly string[];
  /** As JSON. */
  readonly resources: readonly string[];
  readonly principal: unknown;
  readonly condition: unknown;
}

/** What identities may do: roles with the policies in and beside them. */
export function identityStatements(template: Template): Statement[] {
  return statementsOf(template, ['AWS::IAM::Policy', 'AWS::IAM::Role', 'AWS::IAM::ManagedPolicy']);
}

/** What resources let others do with them. */
export function resourceStatements(template: Template): Statement[] {
  return statementsOf(template, [
    'AWS::S3::BucketPolicy',
    'AWS::SNS::TopicPolicy',
    'AWS::SQS::QueuePolicy',
    'AWS::ECR::Repository',
    'AWS::KMS::Key',
  ]);
}

/** The managed policies of AWS that roles have, by their last name. */
export function managedPolicies(template: Template): string[] {
  const arns = [...resourcesOf(template, 'AWS::IAM::Role').values()].flatMap(({ Properties }) =>
    toList(Properties.ManagedPolicyArns ?? []),
  );
  return arns.map((arn) => /policy\/([\w/-]+)/.exec(JSON.stringify(arn))?.[1] ?? JSON.stringify(arn));
}

function statementsOf(template: Template, types: readonly string[]): Statement[] {
  return [...resourcesOf(template)]
    .filter(([, { Type }]) => types.includes(Type))
    .flatMap(([owner, resource]) =>
      documentsOf(resource).flatMap((document) => readDocument(owner, document)),
    );
}

interface PolicyDocument {
  readonly Statement: readonly Readonly<Record<string, unknown>>[];
}

function documentsOf({ Properties }: Resource): PolicyDocument[] {
  const { PolicyDocument, KeyPolicy, RepositoryPolicyText, Policies } = Properties as Partial<
    Record<'PolicyDocument' | 'KeyPolicy' | 'RepositoryPolicyText', PolicyDocument>
  > & { Policies?: readonly { PolicyDocument: PolicyDocument }[] };
  const inline = (Policies ?? []).map((policy) => policy.PolicyDocument);
  return [PolicyDocument, KeyPolicy, RepositoryPolicyText, ...inline].filter(
    (document) => document !== undefined,
  );
}

function readDocument(owner: string, document: PolicyDocument): Statement[] {
  return document.Statement.map(({ Effect, Action, Resource, Principal, Condition }) => ({
    owner,
    effect: String(Effect),
    actions: toList(Action).map(String),
    resources: toList(Resource).map((resource) => JSON.stringify(resource)),
    principal: Principal,
    condition: Condition,
  }));
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

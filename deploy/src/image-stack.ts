import { ArnFormat, CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Repository, RepositoryEncryption, TagMutability } from 'aws-cdk-lib/aws-ecr';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

const KEPT_IMAGES = 20;

/** Where the image lies that Batch and Lambda run. It comes first: Lambda can only be made when its image is there. */
export class ImageStack extends Stack {
  readonly repository: Repository;

  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    this.repository = new Repository(this, 'Image', {
      encryption: RepositoryEncryption.AES_256,
      imageScanOnPush: true,
      imageTagMutability: TagMutability.IMMUTABLE,
      lifecycleRules: [{ maxImageCount: KEPT_IMAGES }],
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.repository.addToResourcePolicy(functionsPull(this));
    new CfnOutput(this, 'RepositoryUri', { value: this.repository.repositoryUri });
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#gettingstarted-images-permissions */
function functionsPull(stack: Stack): PolicyStatement {
  const functions = stack.formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName: '*',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return new PolicyStatement({
    sid: 'FunctionsPull',
    principals: [new ServicePrincipal('lambda.amazonaws.com')],
    actions: ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
    conditions: { ArnLike: { 'aws:SourceArn': functions } },
  });
}

import {
  GatewayVpcEndpointAwsService,
  type IVpc,
  SecurityGroup,
  type SubnetSelection,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { ExistingNetwork } from './settings.ts';

export interface Network {
  readonly vpc: IVpc;
  readonly subnets: SubnetSelection;
  /** Lets nothing in. */
  readonly securityGroup: SecurityGroup;
}

/**
 * Where the instances of Batch stand. Without a network of yours: public subnets that let nothing in, and S3 through a
 * gateway endpoint, which costs nothing; a NAT gateway would bill every gigabyte that is read.
 */
export function createNetwork(scope: Construct, existing: ExistingNetwork | undefined): Network {
  const vpc = existing === undefined ? createVpc(scope) : importVpc(scope, existing);
  const subnets =
    existing === undefined ? { subnetType: SubnetType.PUBLIC } : { subnets: vpc.privateSubnets };
  const securityGroup = new SecurityGroup(scope, 'Instances', {
    vpc,
    description: 'Instances of Pitwall on Batch: nothing comes in',
  });
  return { vpc, subnets, securityGroup };
}

function createVpc(scope: Construct): Vpc {
  const vpc = new Vpc(scope, 'Network', {
    maxAzs: 3,
    natGateways: 0,
    restrictDefaultSecurityGroup: false,
    subnetConfiguration: [{ name: 'public', subnetType: SubnetType.PUBLIC }],
  });
  vpc.addGatewayEndpoint('S3', { service: GatewayVpcEndpointAwsService.S3 });
  return vpc;
}

function importVpc(scope: Construct, { vpcId, availabilityZones, subnetIds }: ExistingNetwork): IVpc {
  return Vpc.fromVpcAttributes(scope, 'Network', {
    vpcId,
    availabilityZones: [...availabilityZones],
    privateSubnetIds: [...subnetIds],
  });
}

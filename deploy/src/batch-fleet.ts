import { CfnOutput } from 'aws-cdk-lib';
import {
  AllocationStrategy,
  EcsMachineImageType,
  JobQueue,
  ManagedEc2EcsComputeEnvironment,
} from 'aws-cdk-lib/aws-batch';
import {
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  InstanceType,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
} from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import type { Network } from './network.ts';
import { scratchUserData } from './scratch-disk.ts';
import type { Settings } from './settings.ts';

/** Large instances with disks of their own, Spot unless it is told otherwise, and the queue to them; none while idle. */
export function createFleet(scope: Construct, network: Network, settings: Settings): JobQueue {
  const { spot, maxVcpus, instanceTypes } = settings;
  const environment = new ManagedEc2EcsComputeEnvironment(scope, 'Fleet', {
    vpc: network.vpc,
    vpcSubnets: network.subnets,
    securityGroups: [network.securityGroup],
    spot,
    allocationStrategy: spot
      ? AllocationStrategy.SPOT_PRICE_CAPACITY_OPTIMIZED
      : AllocationStrategy.BEST_FIT_PROGRESSIVE,
    minvCpus: 0,
    maxvCpus: maxVcpus,
    instanceTypes: instanceTypes.map((name) => new InstanceType(name)),
    useOptimalInstanceClasses: false,
    images: [{ imageType: EcsMachineImageType.ECS_AL2023 }],
    launchTemplate: createLaunchTemplate(scope),
    updateToLatestImageVersion: true,
  });
  const queue = new JobQueue(scope, 'Queue', {
    computeEnvironments: [{ computeEnvironment: environment, order: 1 }],
  });
  new CfnOutput(scope, 'BatchQueue', { value: queue.jobQueueArn });
  return queue;
}

const ROOT_DISK_GIB = 50;

function createLaunchTemplate(scope: Construct): LaunchTemplate {
  const root = BlockDeviceVolume.ebs(ROOT_DISK_GIB, { volumeType: EbsDeviceVolumeType.GP3, encrypted: true });
  return new LaunchTemplate(scope, 'Instance', {
    userData: scratchUserData(),
    blockDevices: [{ deviceName: '/dev/xvda', volume: root }],
    httpTokens: LaunchTemplateHttpTokens.REQUIRED,
    // One hop ends at the instance: what runs in a container has the job's role and not the instance's.
    httpPutResponseHopLimit: 1,
  });
}

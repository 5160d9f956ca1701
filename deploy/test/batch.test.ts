import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { onlyOf, resourcesOf, synthesise } from './synth.ts';

const { pitwall } = synthesise();

interface Retry {
  readonly Action: 'RETRY' | 'EXIT';
  readonly OnExitCode?: string;
  readonly OnStatusReason?: string;
  readonly OnReason?: string;
}

/** The first that matches decides, as Batch does it. */
function verdict(
  retries: readonly Retry[],
  ended: { exitCode?: number; statusReason?: string },
): string | undefined {
  const matches = (pattern: string | undefined, value: string | undefined): boolean =>
    pattern === undefined || new RegExp(`^${pattern.replace('*', '.*')}$`).test(value ?? '');
  const found = retries.find(
    ({ OnExitCode, OnStatusReason, OnReason }) =>
      matches(OnExitCode, ended.exitCode === undefined ? undefined : String(ended.exitCode)) &&
      matches(OnStatusReason, ended.statusReason) &&
      matches(OnReason, 'Essential container in task exited'),
  );
  return found?.Action;
}

describe.each([...resourcesOf(pitwall, 'AWS::Batch::JobDefinition')])(
  'the job definition %s',
  (_, { Properties }) => {
    const { EvaluateOnExit, Attempts } = Properties.RetryStrategy as {
      EvaluateOnExit: readonly Retry[];
      Attempts: number;
    };

    test.each([
      ['temporary', { exitCode: 75 }, 'RETRY'],
      ['out of the memory of its container', { exitCode: 137 }, 'RETRY'],
      ['crashed', { exitCode: 139 }, 'RETRY'],
      ['interrupted', { exitCode: 143 }, 'RETRY'],
      [
        'on a Spot instance that was taken away',
        { statusReason: 'Host EC2 (instance i-0) terminated.' },
        'RETRY',
      ],
      ['failed', { exitCode: 1 }, 'EXIT'],
      ['wrong in its command line', { exitCode: 2 }, 'EXIT'],
    ])('decides what becomes of a job that is %s', (__, ended, expected) => {
      expect(verdict(EvaluateOnExit, ended)).toBe(expected);
    });

    test('has no more rules and attempts than Batch allows', () => {
      expect(EvaluateOnExit.length).toBeLessThanOrEqual(5);
      expect(Attempts).toBeLessThanOrEqual(10);
    });

    test('writes nothing but its scratch folder, as nobody in particular', () => {
      expect(Properties.ContainerProperties).toMatchObject({
        ReadonlyRootFilesystem: true,
        User: '1000:1000',
        MountPoints: [{ ContainerPath: '/scratch', ReadOnly: false }],
        Volumes: [{ Host: { SourcePath: '/scratch' } }],
        LinuxParameters: { InitProcessEnabled: true },
      });
    });
  },
);

describe('the fleet', () => {
  test('is Spot, costs nothing while idle, and takes large instances with disks of their own', () => {
    const resources = onlyOf(pitwall, 'AWS::Batch::ComputeEnvironment').Properties.ComputeResources;
    expect(resources).toMatchObject({
      Type: 'SPOT',
      MinvCpus: 0,
      AllocationStrategy: 'SPOT_PRICE_CAPACITY_OPTIMIZED',
    });
    const { InstanceTypes } = resources as { InstanceTypes: readonly string[] };
    for (const name of InstanceTypes) expect(name).toMatch(/^[a-z]\d[a-z]*d[a-z]*\.\d+xlarge$/);
  });

  test('is on demand where it is told so', () => {
    const { pitwall: onDemand } = synthesise({ spot: false });
    const resources = onlyOf(onDemand, 'AWS::Batch::ComputeEnvironment').Properties.ComputeResources;
    expect(resources).toMatchObject({ Type: 'EC2', AllocationStrategy: 'BEST_FIT_PROGRESSIVE' });
  });

  test('stands in a network of yours where you name one', () => {
    const network = {
      vpcId: 'vpc-0123456789abcdef0',
      availabilityZones: ['eu-west-1a'],
      subnetIds: ['subnet-0123456789abcdef0'],
    };
    const { pitwall: inNetwork } = synthesise({ network });
    expect(resourcesOf(inNetwork, 'AWS::EC2::VPC').size).toBe(0);
    const resources = onlyOf(inNetwork, 'AWS::Batch::ComputeEnvironment').Properties.ComputeResources;
    expect(resources).toMatchObject({ Subnets: ['subnet-0123456789abcdef0'] });
  });
});

describe('what an instance does at its start', () => {
  test('one disk is formatted and mounted', () => {
    expect(
      runUserData('/dev/nvme0n1 Amazon Elastic Block Store\n/dev/nvme1n1 Amazon EC2 NVMe Instance Storage\n'),
    ).toEqual([
      'mkdir -p /scratch',
      'mkfs.xfs -f -K /dev/nvme1n1',
      'mount -o noatime,nodiscard /dev/nvme1n1 /scratch',
      'chmod 1777 /scratch',
    ]);
  });

  test('several disks become one', () => {
    const disks =
      '/dev/nvme1n1 Amazon EC2 NVMe Instance Storage\n/dev/nvme2n1 Amazon EC2 NVMe Instance Storage\n';
    expect(runUserData(disks)).toEqual([
      'mkdir -p /scratch',
      'mdadm --create /dev/md0 --level=0 --raid-devices=2 /dev/nvme1n1 /dev/nvme2n1',
      'mkfs.xfs -f -K /dev/md0',
      'mount -o noatime,nodiscard /dev/md0 /scratch',
      'chmod 1777 /scratch',
    ]);
  });

  test('an instance without a disk of its own uses its root disk', () => {
    expect(runUserData('/dev/nvme0n1 Amazon Elastic Block Store\n')).toEqual([
      'mkdir -p /scratch',
      'chmod 1777 /scratch',
    ]);
  });
});

/** Runs the script of the launch template with stand-ins for what changes the machine; gives what they were asked. */
function runUserData(disks: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'pitwall-user-data-'));
  try {
    const stand = (name: string, body: string) =>
      writeFileSync(join(folder, name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
    for (const name of ['mkdir', 'mkfs.xfs', 'mount', 'chmod', 'mdadm'])
      stand(name, `echo "${name} $*" >> ${folder}/calls`);
    writeFileSync(join(folder, 'disks'), disks);
    stand('lsblk', `cat ${folder}/disks`);
    const script = userData().replaceAll('/etc/ecs/ecs.config', `${folder}/ecs.config`);
    execFileSync('bash', ['--norc', '-c', script], { env: { PATH: `${folder}:${process.env.PATH}` } });
    expect(readFileSync(join(folder, 'ecs.config'), 'utf8')).toContain(
      'ECS_ENABLE_SPOT_INSTANCE_DRAINING=true\n',
    );
    return readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function userData(): string {
  const text = JSON.stringify(onlyOf(pitwall, 'AWS::EC2::LaunchTemplate').Properties.LaunchTemplateData);
  const script = /"Fn::Base64":("#!\/bin\/bash(?:[^"\\]|\\.)*")/.exec(text)?.[1];
  return JSON.parse(script ?? '""') as string;
}

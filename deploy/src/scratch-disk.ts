import { MultipartBody, MultipartUserData, UserData } from 'aws-cdk-lib/aws-ec2';

/** Where tasks stage, spill and encode; on an instance the mount of its own disks, in a container the same path. */
export const SCRATCH = '/scratch';

/**
 * What an instance does before it takes jobs: its NVMe disks become one file system at `/scratch`, and a Spot
 * interruption is passed on to containers as SIGTERM, with the time that an attempt needs to end.
 *
 * @see https://docs.aws.amazon.com/batch/latest/userguide/launch-templates.html (user data has to be multipart)
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-agent-config.html
 */
export function scratchUserData(): MultipartUserData {
  const script = UserData.forLinux({ shebang: '#!/bin/bash' });
  script.addCommands(...MOUNT_SCRATCH, ...ECS_SETTINGS);
  const data = new MultipartUserData();
  data.addPart(MultipartBody.fromUserData(script));
  return data;
}

const MOUNT_SCRATCH = [
  'set -euo pipefail',
  `mkdir -p ${SCRATCH}`,
  "disks=($(lsblk --nodeps --noheadings --paths --output NAME,MODEL | awk '/Instance Storage/ { print $1 }'))",
  'disk=${disks[0]:-}',
  'if [ ${#disks[@]} -gt 1 ]; then',
  '  command -v mdadm || dnf install --assumeyes mdadm || true',
  '  if command -v mdadm; then',
  '    mdadm --create /dev/md0 --level=0 --raid-devices=${#disks[@]} "${disks[@]}"',
  '    disk=/dev/md0',
  '  fi',
  'fi',
  'if [ -n "$disk" ]; then',
  '  mkfs.xfs -f -K "$disk"',
  `  mount -o noatime,nodiscard "$disk" ${SCRATCH}`,
  'fi',
  `chmod 1777 ${SCRATCH}`,
];

const ECS_SETTINGS = [
  "cat >> /etc/ecs/ecs.config <<'END'",
  'ECS_ENABLE_SPOT_INSTANCE_DRAINING=true',
  'ECS_CONTAINER_STOP_TIMEOUT=90s',
  'ECS_IMAGE_PULL_BEHAVIOR=prefer-cached',
  'END',
];

import { z } from "zod";
import { labelSchema, stringMap, strings } from "./engine";

const flag = z.boolean().optional();
const text = z.string().optional();
const count = z.number().optional();

/** The part of the vendor's `ContainerArgs` that the offline plugin accepts, in the vendor's units (memory in MB). */
export const containerInputs = z.strictObject({
  name: text,
  image: z.string(),
  command: strings.optional(),
  entrypoints: strings.optional(),
  envs: strings.optional(),
  user: text,
  groupAdds: strings.optional(),
  workingDir: text,
  hostname: text,
  domainname: text,
  readOnly: flag,
  privileged: flag,
  init: flag,
  tty: flag,
  stdinOpen: flag,
  tmpfs: stringMap.optional(),
  securityOpts: strings.optional(),
  capabilities: z.strictObject({ adds: strings.optional(), drops: strings.optional() }).optional(),
  sysctls: stringMap.optional(),
  ulimits: z.array(z.strictObject({ name: z.string(), soft: z.number(), hard: z.number() })).optional(),
  networkMode: text,
  networksAdvanced: z
    .array(
      z.strictObject({
        name: z.string(),
        aliases: strings.optional(),
        ipv4Address: text,
        ipv6Address: text,
      }),
    )
    .optional(),
  ports: z
    .array(z.strictObject({ internal: z.number(), external: count, ip: text, protocol: text }))
    .optional(),
  dns: strings.optional(),
  hosts: z.array(z.strictObject({ host: z.string(), ip: z.string() })).optional(),
  volumes: z
    .array(
      z.strictObject({
        volumeName: text,
        hostPath: text,
        containerPath: text,
        fromContainer: text,
        readOnly: flag,
      }),
    )
    .optional(),
  mounts: z
    .array(
      z.strictObject({
        target: z.string(),
        type: z.string(),
        source: text,
        readOnly: flag,
        bindOptions: z.strictObject({ propagation: text }).optional(),
        tmpfsOptions: z.strictObject({ mode: count, sizeBytes: count }).optional(),
        volumeOptions: z
          .strictObject({
            noCopy: flag,
            driverName: text,
            driverOptions: stringMap.optional(),
            labels: labelSchema.optional(),
          })
          .optional(),
      }),
    )
    .optional(),
  uploads: z
    .array(
      z.strictObject({
        file: z.string(),
        content: text,
        contentBase64: text,
        source: text,
        sourceHash: text,
        executable: flag,
        permissions: text,
      }),
    )
    .optional(),
  healthcheck: z
    .strictObject({
      tests: strings.optional(),
      interval: text,
      timeout: text,
      startPeriod: text,
      retries: count,
    })
    .optional(),
  labels: labelSchema.optional(),
  restart: text,
  maxRetryCount: count,
  memory: count,
  memoryReservation: count,
  memorySwap: count,
  cpuShares: count,
  cpuSet: text,
  cpus: text,
  shmSize: count,
  logDriver: text,
  logOpts: stringMap.optional(),
  stopSignal: text,
  stopTimeout: count,
  destroyGraceSeconds: count,
  removeVolumes: flag,
  rm: flag,
  start: flag,
  mustRun: flag,
  wait: flag,
  waitTimeout: count,
});

export type ContainerInputs = z.infer<typeof containerInputs>;

/** Inputs that change on an existing container. As in the vendor's plugin, any other change creates a new one. */
export const updatable: readonly (keyof ContainerInputs)[] = [
  "restart",
  "maxRetryCount",
  "memory",
  "memorySwap",
  "cpuShares",
  "cpuSet",
  "destroyGraceSeconds",
  "removeVolumes",
  "start",
  "mustRun",
  "wait",
  "waitTimeout",
];

/**
 * Every number that the simulation takes as given, with its source. What is called an assumption has not been measured, and
 * the tables vary it.
 */

/** Simple upserts that one worker applies in a second. Under README "Speed", row (d), 14,400/s. */
export const WORKER_RATE = 10_000;

/** CPU of one update in a worker, in core seconds. Above README "Speed", row (d), 46 µs: not every machine and update is as quick. */
export const CPU_PER_UPDATE = 75e-6;

/** CPU of a worker that has nothing to do, in cores. An assumption: probes, scrapes, streams. */
export const CPU_IDLE = 0.01;

/**
 * Updates that the database takes in a second, whatever the number of workers. The same batches sent by the bare driver reached
 * 39,000 to 46,000/s on two shared cores, with the database on a local disk; a managed one must be measured.
 */
export const DATABASE_CEILING = 40_000;

/** The same of a small instance. An assumption. */
export const SMALL_DATABASE_CEILING = 15_000;

/**
 * What lock waits cost: with so many workers more than the database can use, its ceiling is divided by 1 + this × so many. An
 * assumption, of the form that the first term of Gunther's Universal Scalability Law has.
 */
export const LOCK_WAIT_LOSS = 0.01;

/** Connections of one worker pod: LANES (4) + 3 of the worker, HTTP_CONNECTIONS (4) of its sidecar. Source: src/config.ts. */
export const CONNECTIONS_PER_POD = 11;

/** Seconds from a process's start to its first commit on an idle machine. Measured: about 2 s. */
export const PROCESS_START = 2;

/** Seconds to schedule a pod on a node that is there, pull its image and start it. An assumption. */
export const POD_START = 13;

/** Seconds until a new node is there, if none has room: any time between the two is as likely. An assumption (GKE: 1 to 2 min). */
export const NODE_START = { from: 60, to: 120 } as const;

/** Pods that find room on nodes that are there beside the minimum. An assumption. */
export const SPARE_PLACES = 1;

/** Seconds that room is kept after a pod left. Source: Cluster Autoscaler FAQ, --scale-down-unneeded-time, 10 min. */
export const PLACE_KEPT = 600;

/** Seconds between two samples of a Pub/Sub metric. Source: Google Cloud "Google Cloud metrics", num_undelivered_messages, 60 s. */
export const BROKER_SAMPLE = 60;

/** Seconds until a sample can be read, so that what the HPA sees is 2 to 3 min old. Source: the same page, and KEDA issue 6193. */
export const BROKER_LAG = 120;

/** Seconds between two samples of CPU. Source: Kubernetes "Resource metrics pipeline", metrics-server every 15 s. */
export const CPU_SAMPLE = 15;

/** Seconds until it can be read. An assumption: one further sample. */
export const CPU_LAG = 15;

/** Seconds between two decisions. Source: Kubernetes "Horizontal Pod Autoscaling", --horizontal-pod-autoscaler-sync-period. */
export const SYNC = 15;

/** Ratios this close to 1 change nothing. Source: the same page, 0.1 by default. */
export const TOLERANCE = 0.1;

/** Seconds after which an update counts as late in the tables. Ours: what a person notices. */
export const LATE = 60;

import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { MessageHistogram } from "./message-histogram.ts";

const BATCH_SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000];
const TRANSACTION_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const LATENCY_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800];

/**
 * The worker's instruments in a registry. Names by Prometheus' "Metric and label naming": counters end with `_total`, time
 * is in seconds, sizes are in bytes.
 */
export function createInstruments(registry: Registry) {
  const registers = [registry];
  return { ...counters(registers), ...histograms(registers), ...latencies(registry), ...gauges(registers) };
}

function counters(registers: Registry[]) {
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name: `rowpost_${name}_total`, help, labelNames, registers });
  return {
    deliveries: counter("deliveries", "Deliveries, by what became of them.", "settlement"),
    rejections: counter("rejections", "Rejected updates, by code and table.", "code", "table"),
    retries: counter("batch_retries", "Batches tried again, by class of trouble.", "class"),
    unpublished: counter(
      "dead_letters_unpublished",
      "Rejected updates that could not be sent to the dead-letter topic, and come again.",
    ),
    purged: counter("purged", "Rows deleted after their retention.", "table"),
    purgeFailures: counter("purge_failures", "Purges that failed."),
  };
}

function histograms(registers: Registry[]) {
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: `rowpost_${name}`, help, buckets, registers });
  return {
    batchSize: histogram("batch_size", "Deliveries in one transaction.", BATCH_SIZES),
    transaction: histogram(
      "transaction_seconds",
      "Time that a batch's transaction took.",
      TRANSACTION_SECONDS,
    ),
  };
}

function latencies(registry: Registry) {
  return {
    publishToCommit: new MessageHistogram(
      registry,
      "rowpost_publish_to_commit_seconds",
      "Time from the broker's taking a message to its commit, without duplicates.",
      LATENCY_SECONDS,
    ),
    receiveToCommit: new MessageHistogram(
      registry,
      "rowpost_receive_to_commit_seconds",
      "Time from a message's arrival in this process to its commit.",
      LATENCY_SECONDS,
    ),
  };
}

function gauges(registers: Registry[]) {
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name: `rowpost_${name}`, help, labelNames, registers });
  return {
    queueMessages: gauge("queue_messages", "Messages that wait for a lane."),
    queueBytes: gauge("queue_bytes", "Data of the messages that wait for a lane, in bytes."),
    outstanding: gauge("outstanding_messages", "Messages pulled and not yet settled."),
    lanesBusy: gauge("lanes_busy", "Lanes with a transaction under way."),
    paused: gauge("intake_paused", "1 while no batch is taken, else 0."),
    pauseReason: gauge("intake_pause_reason", "1 for the reason of the pause.", "reason"),
    intakeOpen: gauge("intake_open", "1 while the subscription is pulled, else 0.", "intake"),
    build: gauge("build_info", "1, with what runs.", "version", "node"),
  };
}

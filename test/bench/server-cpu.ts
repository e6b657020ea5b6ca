import { readFileSync } from "node:fs";

/** Clock ticks a second in /proc (proc_pid_stat(5), sysconf(_SC_CLK_TCK)); 100 on every Linux that Node runs on. */
const TICKS = 100;

/** CPU seconds that a process has used, in user and kernel mode and all its threads; undefined where /proc can't tell. */
export function cpuSeconds(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    // The name in parentheses may hold anything; utime and stime are the 12th and 13th fields behind it.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return undefined;
  }
}

/** The largest resident set that this process ever had, in MiB. */
export function peakMiB(): number {
  try {
    // Not getrusage: its maximum counts the parent's memory too, of which the process was forked.
    const high = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
    return Number(high?.[1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024;
  }
}

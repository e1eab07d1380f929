import { spawn } from "node:child_process";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeRoom } from "./process-record.ts";

/** A process of the engine that must run for as long as the engine is up. */
export interface ProcessSpec {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Exit code with which a process says that starting it again would not help (EX_CONFIG of sysexits.h). */
export const EXIT_CONFIG = 78;

/**
 * Keeps one command running: it comes back at once after a crash, with growing pauses when it crashes again within ten
 * seconds, and not at all after exit code 0 or 78, or when the home has been deleted. That somebody kills it (137: SIGKILL)
 * says nothing of the command, so the pauses do not grow: all mesh workers could be in one at the same time. In plain sh
 * because it must cost nothing (about 1 MB) and never fail.
 */
const RESPAWN = `#!/bin/sh
# respawn.sh NAME RUN LOG COMMAND...
name=$1 run=$2 log=$3
shift 3
read -r boot </proc/sys/kernel/random/boot_id
record() { # FILE PID
  stat=$(cat "/proc/$2/stat" 2>/dev/null) || return 0
  set -- "$1" "$2" $(printf '%s' "\${stat##*) }")
  # On a full disk there is room where the line before is.
  { echo "$2 \${22} $boot" >"$run/$1.$$" && mv "$run/$1.$$" "$run/$1"; } 2>/dev/null ||
    { rm -f "$run/$1.$$"; echo "$2 \${22} $boot" 1<>"$run/$1"; } 2>/dev/null
}
child= stop=
trap 'stop=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT HUP
record "$name.respawner" $$
quick=0
while [ -z "$stop" ] && [ -d "$run" ]; do
  began=$(date +%s)
  "$@" >>"$log" 2>&1 </dev/null &
  child=$!
  record "$name.pid" $child
  while :; do
    wait $child
    code=$?
    kill -0 $child 2>/dev/null || break
  done
  child=
  case $code in 0|${EXIT_CONFIG}) break ;; esac
  if [ $(($(date +%s) - began)) -ge 10 ]; then quick=0; else quick=$((quick + 1)); fi
  if [ $code = 137 ] && [ $quick -gt 2 ]; then quick=2; fi
  case $quick in 0|1) continue ;; 2) pause=0.2 ;; 3) pause=1 ;; *) pause=5 ;; esac
  sleep $pause &
  wait $!
done
rm -f "$run/$name.pid" "$run/$name.respawner"
`;

/** Starts a respawner with its process, in a session of its own: neither ends with the terminal or with this process. */
export function startRespawner(home: { readonly run: string; readonly logs: string }, spec: ProcessSpec): void {
  makeRoom(home.run, spec.name);
  const script = join(home.run, "respawn.sh");
  // Replaced whole: the shell of another respawner may just be about to read it.
  writeFileSync(`${script}.new`, RESPAWN, { mode: 0o700 });
  renameSync(`${script}.new`, script);
  const log = join(home.logs, `${spec.name}.log`);
  spawn("/bin/sh", [script, spec.name, home.run, log, ...spec.command], {
    detached: true,
    stdio: "ignore",
    cwd: home.run,
    env: { ...spec.env },
  }).unref();
}

#!/usr/bin/env node
// Starts the program that lies in the package of this platform. Nothing is downloaded and nothing runs at installation.
"use strict";

const { spawnSync } = require("node:child_process");

const platform = `${process.platform}-${process.arch}`;

/** The path of the program: `IAMLINT_BINARY`, or that of the package of the platform. */
function program() {
  if (process.env.IAMLINT_BINARY) return process.env.IAMLINT_BINARY;
  try {
    return require.resolve(`@iamlint/${platform}/iamlint`);
  } catch {
    console.error(`error: the package @iamlint/${platform} is not installed`);
    console.error("  help: install without --omit=optional, or name a program in IAMLINT_BINARY");
    process.exit(2);
  }
}

const run = spawnSync(program(), process.argv.slice(2), { stdio: "inherit" });
if (run.error) {
  console.error(`error: ${run.error.message}`);
  process.exit(2);
}
if (run.signal) process.kill(process.pid, run.signal);
process.exit(run.status ?? 2);

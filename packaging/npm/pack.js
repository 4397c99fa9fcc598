#!/usr/bin/env node
// Packs the launcher, and the package of each platform whose program is given.
//   pack.js FOLDER [PLATFORM=PROGRAM ...]      for example linux-x64=target/x86_64-unknown-linux-musl/release/iamlint
"use strict";

const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const launcher = require("./package.json");
const [folder, ...programs] = process.argv.slice(2);
const out = path.resolve(folder);
fs.mkdirSync(out, { recursive: true });

const pack = (from) =>
  execFileSync("npm", ["pack", "--silent", "--offline", "--pack-destination", out], { cwd: from, stdio: "inherit" });

for (const given of programs) {
  const [platform, program] = given.split("=");
  const name = `@iamlint/${platform}`;
  if (!(name in launcher.optionalDependencies)) throw new Error(`the launcher knows no ${name}`);
  const [system, processor] = platform.split("-");
  const { version, description, license } = launcher;
  const manifest = { name, version, description, license, files: ["iamlint"], os: [system], cpu: [processor] };
  const staged = fs.mkdtempSync(path.join(os.tmpdir(), "iamlint-"));
  fs.writeFileSync(path.join(staged, "package.json"), JSON.stringify(manifest, null, 2));
  fs.copyFileSync(program, path.join(staged, "iamlint"));
  fs.chmodSync(path.join(staged, "iamlint"), 0o755);
  pack(staged);
  fs.rmSync(staged, { recursive: true });
}
pack(__dirname);

// Runs in node: boots the Pyodide of a folder and lets compile_zip.py compile the zips named in a job file.
// Arguments: <folder with pyodide.mjs> <job.json: {scripts: [paths of Python], zips: [{source, target, root, beside,
// expand, strip}]}>; the scripts define compile_zip, stripped and expand.
// Prints one line "done <target>" for each zip. Does not fetch anything.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, jobPath] = process.argv.slice(2);
const job = JSON.parse(readFileSync(jobPath, "utf8"));
const { loadPyodide } = await import(pathToFileURL(join(folder, "pyodide.mjs")).href);
const pyodide = await loadPyodide({ indexURL: folder });
for (const script of job.scripts) pyodide.runPython(readFileSync(script, "utf8"));
const compileZip = pyodide.globals.get("compile_zip");
const parses = { true: pyodide.globals.get("expand"), false: pyodide.globals.get("ast").parse };
const stripped = pyodide.globals.get("stripped");
for (const { source, target, root, beside, expand, strip } of job.zips) {
  pyodide.FS.writeFile("/in.zip", new Uint8Array(readFileSync(source)));
  const parse = strip ? stripped(parses[expand]) : parses[expand].copy();
  compileZip("/in.zip", "/out.zip", root, beside, parse);
  parse.destroy();
  writeFileSync(target, pyodide.FS.readFile("/out.zip"));
  console.log(`done ${target}`);
}
for (const proxy of [compileZip, stripped, ...Object.values(parses)]) proxy.destroy();
